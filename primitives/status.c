/* SPDX-License-Identifier: MIT */
#include <weft/status.h>

#include <stddef.h>

struct status_text {
    weft_status status;
    const char *name;
    const char *exception;
    const char *sentence;
};

static const struct status_text texts[] = {{WEFT_OK, "WEFT_OK", "", "success"},
#define STATUS_TEXT(name, number, exception, sentence) {number, #name, exception, sentence},
                                           WEFT_STATUS_MAP(STATUS_TEXT)
#undef STATUS_TEXT
};

static const struct status_text *text_of(weft_status status)
{
    static const struct status_text user = {WEFT_USER, "WEFT_USER", "Exception",
                                            "a failure of the program's own"};
    static const struct status_text unknown = {-1, "unknown", "Exception", "unknown status"};
    if (status >= WEFT_USER)
        return &user;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].status == status)
            return &texts[i];
    return &unknown;
}

const char *weft_status_name(weft_status status)
{
    return text_of(status)->name;
}

const char *weft_strerror(weft_status status)
{
    return text_of(status)->sentence;
}

const char *weft_status_exception(weft_status status)
{
    return text_of(status)->exception;
}
