/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "basic/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

static const struct {
        const char *name;
        size_t size;
} kinds[_DIGEST_MAX] = {
        [DIGEST_SHA256] = { "SHA256", SHA256_SIZE },
        [DIGEST_SHA1] = { "SHA1", SHA1_SIZE },
        [DIGEST_MD5] = { "MD5", MD5_SIZE },
};

/* once a process, for its life: fetching is slow and opens files */
static EVP_MD *algorithms[_DIGEST_MAX];

struct Digest {
        DigestKind kind;
        EVP_MD_CTX *context;
};

int digest_init(void)
{
        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                if (!algorithms[i])
                        algorithms[i] = EVP_MD_fetch(NULL, kinds[i].name, NULL);
                if (!algorithms[i])
                        return -EIO;
        }
        return 0;
}

static void digest_start(Digest *d)
{
        int ok = EVP_DigestInit_ex2(d->context, algorithms[d->kind], NULL) == 1;

        if (!ok)
                abort(); /* out of memory inside the library */
}

int digest_new(DigestKind kind, Digest **ret)
{
        _cleanup_(digest_freep) Digest *d = NULL;
        int r;

        r = digest_init();
        if (r < 0)
                return r;
        d = calloc(1, sizeof *d);
        if (!d)
                return -ENOMEM;
        d->kind = kind;
        d->context = EVP_MD_CTX_new();
        if (!d->context)
                return -ENOMEM;
        digest_start(d);
        *ret = TAKE_PTR(d);
        return 0;
}

Digest *digest_free(Digest *d)
{
        if (!d)
                return NULL;
        EVP_MD_CTX_free(d->context);
        free(d);
        return NULL;
}

void digest_add(Digest *d, const void *data, size_t size)
{
        int ok = EVP_DigestUpdate(d->context, data, size) == 1;

        if (!ok)
                abort(); /* out of memory inside the library */
}

void digest_finish(Digest *d, uint8_t *out)
{
        int ok = EVP_DigestFinal_ex(d->context, out, NULL) == 1;

        if (!ok)
                abort(); /* out of memory inside the library */
        digest_start(d);
}

void digest_of(DigestKind kind, const void *data, size_t size, uint8_t *out)
{
        int ok = digest_init() == 0 &&
                EVP_Digest(data, size, out, NULL, algorithms[kind], NULL) == 1;

        if (!ok)
                abort(); /* out of memory inside the library */
}

size_t digest_size(DigestKind kind)
{
        return kinds[kind].size;
}

const char *digest_library(void)
{
        return OpenSSL_version(OPENSSL_VERSION_STRING);
}
