/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* SHA-256, SHA-1 and MD5 through OpenSSL's EVP interface.
 *
 * The algorithm is fetched once a process (digest_init, before a cage closes the door to the
 * library's configuration files). A Digest is a running sum that can be reset and used again. */

#include "basic/cleanup.h"

typedef enum DigestKind { DIGEST_SHA256, DIGEST_SHA1, DIGEST_MD5, _DIGEST_MAX } DigestKind;

enum {
        SHA256_SIZE = 32,
        SHA1_SIZE = 20,
        MD5_SIZE = 16,
        DIGEST_SIZE_MAX = 32,
        SHA256_HEX = 2 * SHA256_SIZE + 1
};

typedef struct Digest Digest;

/* Fetches all algorithms; 0 or -EIO. May be called again. */
int digest_init(void);
/* 0, -ENOMEM, -EIO. Ready for digest_add. */
int digest_new(DigestKind kind, Digest **ret);
Digest *digest_free(Digest *d);
DEFINE_CLEANUP(Digest, digest_free)

void digest_add(Digest *d, const void *data, size_t size);
/* Writes the sum (size by kind) and starts over. */
void digest_finish(Digest *d, uint8_t *out);
/* One call for one block. */
void digest_of(DigestKind kind, const void *data, size_t size, uint8_t *out);
size_t digest_size(DigestKind kind);
/* Version of the library behind it ("3.0.16"). */
const char *digest_library(void);
