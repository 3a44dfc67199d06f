/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* SHA256SUMS of a backup: the checksum of every other file in its folder, in the form that
 * `sha256sum -c` reads ("<64 hex digits>  <path>"), sorted by path. */

#include "basic/digest.h"

enum {
        SUMS_FILES_MAX = 8192,
        SUMS_PATH_MAX = 280,
        SUMS_SIZE_MAX = SUMS_FILES_MAX * (SUMS_PATH_MAX + 68),
};

typedef struct Sum {
        char path[SUMS_PATH_MAX];
        uint8_t sha256[SHA256_SIZE];
} Sum;

typedef struct Sums {
        Sum *files;
        size_t n, size;
} Sums;

void sums_done(Sums *s);
#define _cleanup_sums_ _cleanup_(sums_done)

/* 0, -ENOMEM, -ENAMETOOLONG, -E2BIG */
int sums_add(Sums *s, const char *path, const uint8_t sha256[SHA256_SIZE]);
/* Sorts, and makes the text; the caller frees. 0 or -ENOMEM. */
int sums_write(Sums *s, char **ret, size_t *ret_size);
/* Reads the text; takes only plain relative paths in rising order. 0, -EBADMSG, -ENOMEM. */
int sums_parse(const char *text, size_t size, Sums *ret);
/* NULL when the path is not listed. */
const Sum *sums_find(const Sums *s, const char *path);
/* The checksum of a file below dir, read through to its end. */
int sums_of_file(int dir, const char *path, uint8_t ret[SHA256_SIZE]);
