/* SPDX-License-Identifier: MIT */
/**
 * @file
 * @brief A web server (libmicrohttpd) and a client for it (libcurl).
 */
#include "demo_http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo.h"

struct demo_http_server {
    struct MHD_Daemon *daemon;
    demo_http_handler *handler;
    void *arg;
    uint16_t port;
};

static enum MHD_Result answer_request(void *cls, struct MHD_Connection *connection, const char *url,
                                      const char *method, const char *version,
                                      const char *upload_data, size_t *upload_data_size,
                                      void **seen)
{
    static int once;
    const demo_http_server *server = cls;
    (void)method;
    (void)version;
    (void)upload_data;
    (void)upload_data_size;
    if (*seen == NULL) { /* the first call for a request comes before its headers are complete */
        *seen = &once;
        return MHD_YES;
    }
    demo_http_answer answer = server->handler(url, server->arg);
    size_t size = answer.body != NULL ? strlen(answer.body) : 0;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, answer.body, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result queued = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return queued;
}

demo_http_server *demo_http_serve(demo_http_handler *handler, void *arg)
{
    struct sockaddr_in local = {.sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}; /* port 0: a free one */
    demo_http_server *server = demo_must(malloc(sizeof *server));
    *server = (demo_http_server){.handler = handler, .arg = arg};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    server->daemon = demo_must(MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, 0, NULL, NULL,
        answer_request, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&local, MHD_OPTION_END));
    server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return server;
}

void demo_http_stop(demo_http_server *server)
{
    MHD_stop_daemon(server->daemon);
    curl_global_cleanup();
    free(server);
}

static size_t append(char *text, size_t size, size_t count, void *arg)
{
    demo_http_reply *reply = arg;
    char *body = realloc(reply->body, reply->size + size * count + 1);
    if (body == NULL)
        return 0;
    memcpy(body + reply->size, text, size * count);
    reply->size += size * count;
    body[reply->size] = '\0';
    reply->body = body;
    return size * count;
}

static demo_http_reply get(uint16_t port, const char *path, double seconds)
{
    demo_http_reply reply = {.body = demo_must(calloc(1, 1))};
    char url[256];
    CURL *client = demo_must(curl_easy_init());
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, path);
    curl_easy_setopt(client, CURLOPT_URL, url);
    curl_easy_setopt(client, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(client, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(client, CURLOPT_TIMEOUT_MS, seconds < 0.001 ? 1L : (long)(seconds * 1000));
    curl_easy_setopt(client, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(client, CURLOPT_WRITEDATA, &reply);
    CURLcode code = curl_easy_perform(client);
    if (code == CURLE_OK) {
        curl_easy_getinfo(client, CURLINFO_RESPONSE_CODE, &reply.status);
    } else {
        snprintf(reply.error, sizeof reply.error, "%s", curl_easy_strerror(code));
        free(reply.body);
        reply.body = NULL;
        reply.size = 0;
    }
    curl_easy_cleanup(client);
    return reply;
}

demo_http_reply demo_http_get(const demo_http_server *server, const char *path, double seconds)
{
    return get(server->port, path, seconds);
}

demo_http_reply demo_http_get_from_nobody(double seconds)
{
    /* A socket that is bound and does not listen keeps the port from everybody. */
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof local;
    int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(bound, (struct sockaddr *)&local, size) != 0 ||
        getsockname(bound, (struct sockaddr *)&local, &size) != 0)
        demo_must(NULL);
    demo_http_reply reply = get(ntohs(local.sin_port), "/", seconds);
    close(bound);
    return reply;
}
