/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Lines of a peer's script (peer.h) in packets of the XFlash protocol, and a session to go with it:
 * a phone with an eMMC of 1 MiB whose agent runs already. */

#include "peer.h"
#include "protocol/da-xflash.h"
#include "protocol/xflash-session.h"

#define HEAD(length) "ef ee ee fe 01 00 00 00 " length
#define HOST(length, payload) "> " HEAD(length) "\n> " payload "\n"
#define HOST_WORD(word) HOST("04 00 00 00", word)
#define PHONE(length, payload) "< " HEAD(length) "\n< " payload "\n"
#define PHONE_WORD(word) PHONE("04 00 00 00", word)
#define PHONE_OK PHONE_WORD("00 00 00 00")
#define PHONE_LOG "< ef ee ee fe 02 00 00 00 09 00 00 00\n< 01 00 00 00 68 65 6c 6c 6f\n"

#define COMMAND(word) HOST_WORD(word) PHONE_OK
#define CONTROL(word) COMMAND("09 00 01 00") HOST_WORD(word) PHONE_OK
#define CONTROL_UNKNOWN(word) COMMAND("09 00 01 00") HOST_WORD(word) PHONE_WORD("04 00 01 c0")

#define READ_USER(offset, length)                                                                  \
        COMMAND("05 00 01 00")                                                                     \
        HOST("38 00 00 00",                                                                        \
                "01 00 00 00 08 00 00 00 " offset " 00 00 00 00 " length                           \
                " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "                                \
                "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00")

typedef struct Reader {
        uint8_t data[64 * 1024];
        size_t n, pieces;
        size_t stop_at; /* says -ECANCELED once it has so many; 0 never */
} Reader;

static inline int reader_take(void *userdata, const uint8_t *data, size_t size)
{
        Reader *r = userdata;

        assert_true(r->n + size <= sizeof(r->data));
        memcpy(r->data + r->n, data, size);
        r->n += size;
        r->pieces++;
        return r->stop_at && r->n >= r->stop_at ? -ECANCELED : 0;
}

static inline DaSession *running_session(Peer *p, const char *script)
{
        DaSession *s;

        assert_int_equal(da_xflash_new(&s), 0);
        s->transport = peer_script(p, script);
        s->running = true;
        s->storage.type = STORAGE_EMMC;
        s->storage.block_size = 512;
        s->storage.packet_size = 0x10000;
        assert_int_equal(storage_add_region(&s->storage, REGION_BOOT1, 1, 4096, true), 0);
        assert_int_equal(storage_add_region(&s->storage, REGION_RPMB, 3, 4096, false), 0);
        assert_int_equal(storage_add_region(&s->storage, REGION_USER, 8, MiB, true), 0);
        return s;
}
