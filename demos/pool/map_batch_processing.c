/* SPDX-License-Identifier: MIT */
// NEEDS: libcrypto
/**
 * @file map_batch_processing.c
 * @brief Three batches with map: hashes of files, work on images, a table of numbers
 *
 * First the MD5 of ten files, then of ten larger ones, read in pieces of 8 KiB. Then five images,
 * each with a list of operations of its own: a map has one function and one array, so an image and
 * its list lie together in one item. Last a table of numbers. The results always come in the order
 * of the items, though they are not done in that order.
 *
 * Source: threads, section 3.2, lines 1012-1154. There the files and images do not exist; the text
 * after it says that map keeps the order with a queue. It keeps a list of futures.
 *
 * Look for: image 2 is done before image 1, and still comes after it.
 *
 * Facts:
 * - ten files of 3900 or 4000 bytes have the ten known digests, in their order
 * - files that are longer than the buffer have the digest of their content as a whole
 * - five images give ten files, named for the operation, in their order; the pixels are right
 * - the images take 0.9 s at least: one of 0.6 s begins after one of 0.3 s
 * - the table has the right factorials, roots and squares; four rounds of 0.05 s
 */
#include <math.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "demo_future.h"

/* ---- files ---- */

enum { FILES = 10, PIECE = 8192, DIGEST = 33 };

struct file {
    char name[32];
    int repeats; /* of the sentence that it consists of */
    size_t size;
    char digest[DIGEST];
};

static const char *const known_digests[FILES] = {
    "7d6762b22cce1241cd907522fa7f7bc9", "1ece2d95c3ff254628dcf8caabf4171d",
    "3c295921df9b115621f82af048bdebe4", "e4e528cd562750aee3e27bc161cce3f2",
    "99524c64d5a6151969f8dc250e5cbf17", "0e5e0b45ecd315849eded9c062331dc7",
    "338ace1cac818fc521f98ef399b98f98", "e582ea704bf8456e88a7fd80ebfe56e4",
    "5c010868dc6d88be2e312c6d1157d44c", "a1d3768f8e8630b41a8c3826fd622d1e"};

static bool write_file(const struct file *file)
{
    FILE *stream = fopen(file->name, "w");
    if (stream == NULL)
        return false;
    for (int i = 0; i < file->repeats; i++)
        fprintf(stream, "This is the content of %s. ", file->name);
    return fclose(stream) == 0;
}

static void print_digest(const unsigned char *bytes, unsigned length, char *text)
{
    for (unsigned i = 0; i < length && 2 * i + 2 < DIGEST; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", bytes[i]);
}

/* Reads the file in pieces. */
static void *hash_file(void *arg)
{
    struct file *file = arg;
    char piece[PIECE];
    size_t length;
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned digest_length = 0;
    FILE *stream = fopen(file->name, "r");
    if (stream == NULL)
        return weft_raise(WEFT_USER, "cannot open %s", file->name);
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    if (hash == NULL || EVP_DigestInit_ex(hash, EVP_md5(), NULL) != 1) {
        EVP_MD_CTX_free(hash);
        fclose(stream);
        return weft_raise(WEFT_USER, "there is no MD5 here");
    }
    while ((length = fread(piece, 1, sizeof piece, stream)) > 0) {
        EVP_DigestUpdate(hash, piece, length);
        file->size += length;
        demo_sleep(0.001);
    }
    EVP_DigestFinal_ex(hash, bytes, &digest_length);
    print_digest(bytes, digest_length, file->digest);
    EVP_MD_CTX_free(hash);
    fclose(stream);
    return file;
}

/* The digest of the content in one piece, which was never in a file. */
static bool is_digest_of_content(const struct file *file)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    char digest[DIGEST] = "";
    char *content = demo_must(malloc((size_t)file->repeats * 64));
    size_t size = 0;
    unsigned length = 0;
    for (int i = 0; i < file->repeats; i++)
        size += (size_t)snprintf(content + size, 64, "This is the content of %s. ", file->name);
    if (EVP_Digest(content, size, bytes, &length, EVP_md5(), NULL) == 1)
        print_digest(bytes, length, digest);
    free(content);
    return size == file->size && strcmp(digest, file->digest) == 0;
}

/* Hashes ten files; returns how many results came in their order. */
static int hash_files(struct file *files, int repeats)
{
    int right = 0;
    for (int i = 0; i < FILES; i++) {
        files[i] = (struct file){.repeats = repeats};
        snprintf(files[i].name, sizeof files[i].name, "document_%d.pdf", i + 1);
        if (!write_file(&files[i]))
            demo_must(NULL);
    }
    WEFT_WITH_EXECUTOR(pool, 4) {
        void *value;
        demo_say("%-15s %5s  %s", "file", "bytes", "MD5");
        weft_map *map = demo_must(
            weft_executor_map(pool, hash_file, files, FILES, .item_size = sizeof files[0]));
        while (weft_map_next(map, &value) == WEFT_OK) {
            const struct file *file = value;
            demo_say("%-15s %5zu  %s", file->name, file->size, file->digest);
            right += file == &files[right];
        }
        weft_map_free(map);
    }
    for (int i = 0; i < FILES; i++)
        unlink(files[i].name);
    return right;
}

static void hash_documents(void)
{
    struct file files[FILES];
    int right = hash_files(files, 100);
    bool known = true;
    for (int i = 0; i < FILES; i++)
        known = known && strcmp(files[i].digest, known_digests[i]) == 0 &&
                files[i].size == (i < 9 ? 3900 : 4000);
    CHECK(right == FILES && known, "ten files have the ten known digests, in their order");
    right = hash_files(files, 500);
    bool whole = true;
    for (int i = 0; i < FILES; i++)
        whole = whole && files[i].size > 2 * (size_t)PIECE && is_digest_of_content(&files[i]);
    CHECK(right == FILES && whole,
          "files of three pieces have the digest of their content as a whole");
}

/* ---- images ---- */

enum { IMAGES = 5, SIDE = 16 };
enum { RESIZE = 1, COMPRESS = 2, FILTER = 4 };

struct image {
    const char *name;
    unsigned operations;
    atomic_bool *after; /* it is not done before this is true; NULL: it may */
    unsigned char pixels[SIDE][SIDE];
    int side; /* how much of it there is */
    int runs; /* of equal pixels, after compressing */
    int outputs;
    char files[96]; /* that came out */
};

static void add_output(struct image *image, const char *what)
{
    size_t length = strlen(image->files);
    snprintf(image->files + length, sizeof image->files - length, "%s%s_%s",
             image->outputs++ > 0 ? " " : "", image->name, what);
}

/* Half the side: of four pixels their mean. */
static void resize(struct image *image)
{
    image->side /= 2;
    for (int y = 0; y < image->side; y++)
        for (int x = 0; x < image->side; x++) {
            const unsigned char *upper = &image->pixels[y + y][x + x];
            const unsigned char *lower = upper + SIDE;
            image->pixels[y][x] = (unsigned char)((upper[0] + upper[1] + lower[0] + lower[1]) / 4);
        }
    demo_sleep(0.2);
    add_output(image, "resized");
}

/* Runs of equal pixels, row by row. */
static void compress(struct image *image)
{
    image->runs = 0;
    for (int y = 0; y < image->side; y++)
        for (int x = 0; x < image->side; x++)
            image->runs += x == 0 || image->pixels[y][x] != image->pixels[y][x - 1];
    demo_sleep(0.3);
    add_output(image, "compressed");
}

/* The negative. */
static void filter(struct image *image)
{
    for (int y = 0; y < image->side; y++)
        for (int x = 0; x < image->side; x++)
            image->pixels[y][x] = (unsigned char)(255 - image->pixels[y][x]);
    demo_sleep(0.1);
    add_output(image, "filtered");
}

static atomic_bool second_is_done;

static void *process_image(void *arg)
{
    struct image *image = arg;
    if (image->operations & RESIZE)
        resize(image);
    if (image->operations & COMPRESS)
        compress(image);
    if (image->operations & FILTER)
        filter(image);
    if (image->after != NULL)
        DEMO_AWAIT(*image->after);
    demo_say("%s is done", image->name);
    if (strcmp(image->name, "image2") == 0)
        second_is_done = true;
    return image;
}

/* Four squares of grey: 40 and 80 above, 120 and 160 below. */
static void paint(struct image *image)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            image->pixels[y][x] = (unsigned char)(40 * (1 + (x >= SIDE / 2) + 2 * (y >= SIDE / 2)));
    image->side = SIDE;
}

/* Whether side, runs and the first pixel are what its operations make of the painting. */
static bool is_right(const struct image *image)
{
    int side = image->operations & RESIZE ? SIDE / 2 : SIDE;
    int runs = image->operations & COMPRESS ? 2 * side : 0;
    return image->side == side && image->runs == runs &&
           image->pixels[0][0] == (image->operations & FILTER ? 215 : 40);
}

static void process_images(void)
{
    struct image images[IMAGES] = {
        {.name = "image1", .operations = RESIZE | COMPRESS, .after = &second_is_done},
        {.name = "image2", .operations = RESIZE | FILTER},
        {.name = "image3", .operations = COMPRESS | FILTER},
        {.name = "image4", .operations = RESIZE | COMPRESS | FILTER},
        {.name = "image5", .operations = COMPRESS}};
    int in_order = 0;
    int outputs = 0;
    bool right = true;
    for (int i = 0; i < IMAGES; i++)
        paint(&images[i]);
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, 3, .thread_name_prefix = "worker") {
        void *value;
        weft_map *map = demo_must(
            weft_executor_map(pool, process_image, images, IMAGES, .item_size = sizeof images[0]));
        while (weft_map_next(map, &value) == WEFT_OK) {
            const struct image *image = value;
            demo_say("gets %s", image->files);
            in_order += image == &images[in_order];
            outputs += image->outputs;
            right = right && is_right(image);
        }
        weft_map_free(map);
    }
    double elapsed = demo_now() - start;
    CHECK(in_order == IMAGES && outputs == 10 && right,
          "ten files of five images came in their order, and their pixels are right");
    CHECK(demo_count("MainThread gets image4_resized image4_compressed image4_filtered") == 1,
          "a file is named for what was done");
    CHECK(demo_in_order("* image2 is done", "* image1 is done"),
          "though image 2 was done before image 1");
    CHECK(demo_at_least(elapsed, 0.9), "image 4, 0.6 s, began after one of 0.3 s: 0.9 s");
}

/* ---- numbers ---- */

enum { NUMBERS = 20 };

struct row {
    int number;
    uint64_t factorial; /* of the last digit */
    double root;
    double logarithm;
    int square;
};

static void *compute(void *arg)
{
    struct row *row = arg;
    row->factorial = 1;
    for (int i = 2; i <= row->number % 10; i++)
        row->factorial *= (uint64_t)i;
    row->root = sqrt(row->number);
    row->logarithm = log(row->number);
    row->square = row->number * row->number;
    demo_sleep(0.05);
    return row;
}

static void compute_table(void)
{
    static const uint64_t factorials[10] = {1, 2, 6, 24, 120, 720, 5040, 40320, 362880, 1};
    struct row rows[NUMBERS];
    int right = 0;
    int position = 0;
    for (int i = 0; i < NUMBERS; i++)
        rows[i] = (struct row){.number = i + 1};
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, 6) {
        void *value;
        weft_map *map =
            demo_must(weft_executor_map(pool, compute, rows, NUMBERS, .item_size = sizeof rows[0]));
        demo_line("%6s %10s %8s %8s %8s", "n", "(n%10)!", "sqrt", "log", "square");
        for (; weft_map_next(map, &value) == WEFT_OK; position++) {
            const struct row *row = value;
            int n = row->number;
            if (n <= 10)
                demo_line("%6d %10llu %8.2f %8.2f %8d", n, (unsigned long long)row->factorial,
                          row->root, row->logarithm, row->square);
            right += n == position + 1 && row->factorial == factorials[position % 10] &&
                     fabs(row->root * row->root - n) < 1e-9 &&
                     fabs(exp(row->logarithm) - n) < 1e-9 && row->square == n * n;
        }
        weft_map_free(map);
    }
    CHECK(right == NUMBERS, "twenty rows came in their order, and all numbers are right");
    CHECK(fabs(rows[9].root - 3.16) < 0.005, "the root of 10 is 3.16");
    CHECK(demo_at_least(demo_now() - start, 0.2), "four rounds of 0.05 s: 0.2 s at least");
}

int main(void)
{
    char folder[4096];
    demo_begin("Three batches with map: hashes of files, work on images, a table of numbers");
    demo_temporary(folder, sizeof folder);
    if (mkdtemp(folder) == NULL || chdir(folder) != 0)
        return demo_skip("there is no place for temporary files");
    demo_part("Ten files on four workers, then ten larger ones");
    hash_documents();
    rmdir(folder);
    demo_part("Five images on three workers");
    process_images();
    demo_part("Twenty numbers on six workers");
    compute_table();
    return demo_end();
}
