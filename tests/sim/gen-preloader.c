/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "gen-preloader.h"

#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/digest.h"

enum { CONTENT = 0x800, INFO_SIZE = 0x38, BLOCK_HEAD = 0x70, COUNT_AT = 0x6c, CID_AT = 0x20 };

/* What the phones of the simulator answer, so far as settings look at it. */
static const uint8_t phone_cid[9] = { 0x15, 0x01, 0x00, 'S', 'I', 'M', 'E', 'M', 'C' };

static size_t make_block(const PreloaderSpec *s, uint8_t *data)
{
        char magic[32];
        snprintf(magic, sizeof(magic), "MTK_BLOADER_INFO_v%02u", s->version);
        memcpy(data, magic, strlen(magic));
        put_le32(data + COUNT_AT, s->n_entries);
        for (unsigned i = 0; i < s->n_entries; i++) {
                uint8_t *e = data + BLOCK_HEAD + i * PRELOADER_ENTRY;
                for (size_t k = 0; k < PRELOADER_ENTRY; k++)
                        e[k] = (uint8_t)(i * 16 + k % 7);
                memcpy(e + CID_AT, "\x11\x01\x00OTHER!", 9);
                e[CID_AT + 8] = (uint8_t)('0' + i);
                if (i == s->fits)
                        memcpy(e + CID_AT, phone_cid, sizeof(phone_cid));
        }
        return BLOCK_HEAD + s->n_entries * PRELOADER_ENTRY;
}

int preloader_make(const PreloaderSpec *s, uint8_t **ret, size_t *ret_size)
{
        size_t block = BLOCK_HEAD + s->n_entries * PRELOADER_ENTRY;
        size_t size = CONTENT + block + 4 + SHA256_SIZE;
        uint8_t *data;
        if (s->n_entries > 64 || s->version > 99)
                return -EINVAL;
        data = calloc(1, size);
        if (!data)
                return -ENOMEM;
        *ret = data;
        *ret_size = s->bare ? block : size;
        if (s->bare) {
                make_block(s, data);
                return 0;
        }
        memcpy(data, "MMM\1\x38\0\0\0FILE_INFO", 17);
        put_le32(data + 0x14, 1);
        put_le16(data + 0x18, 1);
        data[0x1a] = 5;
        data[0x1b] = 1; /* the signature is the digest */
        put_le32(data + 0x1c, 0x201000);
        put_le32(data + 0x20, (uint32_t)size);
        put_le32(data + 0x24, 0x40000);
        put_le32(data + 0x28, INFO_SIZE);
        put_le32(data + 0x2c, SHA256_SIZE);
        put_le32(data + 0x30, INFO_SIZE);
        make_block(s, data + CONTENT);
        put_le32(data + CONTENT + block, (uint32_t)block);
        digest_of(DIGEST_SHA256, data, size - SHA256_SIZE, data + size - SHA256_SIZE);
        return 0;
}
