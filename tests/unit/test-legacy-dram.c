/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/legacy-dram.h"

enum { ENTRY = 16, BLOCK = 0x70 + 2 * ENTRY };

static uint8_t block[BLOCK];

static DramSettings settings(unsigned version)
{
        DramSettings d;
        char magic[32];

        memset(block, 0, sizeof block);
        snprintf(magic, sizeof magic, "MTK_BLOADER_INFO_v%02u", version);
        memcpy(block, magic, 20);
        put_le32(block + 0x6c, 2);
        memcpy(block + 0x70,
                "\x15\x01\x00"
                "AAAAAA",
                9);
        memcpy(block + 0x70 + ENTRY,
                "\x15\x01\x00"
                "SIMEMC",
                9);
        assert_int_equal(dram_settings(block, sizeof block, &d), 0);
        return d;
}

/* behind the status that asked for it: status, eMMC id (words turned), NAND ids */
#define IDS                                                                                        \
        "< 00 00 00 00\n< 53 00 01 15 4d 45 4d 49 00 00 00 43 00 00 00 00\n< 00 00 0b c4 00 "      \
        "02\n< 00 00 00 00\n"
#define OUR_ENTRY                                                                                  \
        "> 15 01 00 53 49 4d 45 4d 43 00 00 00 00 00 00 00\n< 01 d4\n> 5a\n> 80 00 00 01\n"

/* The entry with this phone's eMMC is sent, its sum compared, the verdict taken. */
static void test_set_up(void **state)
{
        Peer p;
        DramSettings d = settings(20);
        Transport *t = peer_script(&p,
                IDS "> e8\n> 00 00 00 14\n< 5a 00 00 00 10\n> 5a\n> 00 00 00 10\n" OUR_ENTRY
                    "< 00 00 00 00\n< 02 00\n< 00 00 00 00 40 00 00 00\n");

        /* sum of the entry: 15+01+53+49+4d+45+4d+43 */
        assert_int_equal(legacy_dram_send(t, 0x0321, &d, NULL), 0);
        peer_done(&p);
}

/* Older versions have no second length, one has more bytes at the end, one chip is special. */
static void test_dialects(void **state)
{
        Peer p;
        DramSettings d = settings(13);
        Transport *t = peer_script(&p,
                IDS "> e8\n> 00 00 00 0d\n< 5a 00 00 00 10\n> 5a\n" OUR_ENTRY
                    "< 00 00 00 00\n< *10 00\n< *20 00\n");

        assert_int_equal(legacy_dram_send(t, 0x0321, &d, NULL), 0);
        peer_done(&p);

        d = settings(11);
        t = peer_script(&p,
                IDS "> e8\n> 00 00 00 0b\n< 5a\n< *16 00\n< 00 00 00 10\n> 5a\n" OUR_ENTRY
                    "< 00 00 00 00\n< *10 00\n");
        assert_int_equal(legacy_dram_send(t, 0x0321, &d, NULL), 0);
        peer_done(&p);

        d = settings(20);
        t = peer_script(&p,
                IDS "> e8\n> 00 00 00 14\n< 5a 00 00 00 10\n> 5a\n" OUR_ENTRY
                    "< 00 00 00 00\n< *10 00\n");
        assert_int_equal(legacy_dram_send(t, 0x8127, &d, NULL), 0);
        peer_done(&p);
}

static void test_failures(void **state)
{
        static const struct {
                const char *script;
                int error;
                ErrorId id;
        } cases[] = {
                /* another length than our entries have */
                { IDS "> e8\n> *4\n< 5a 00 00 00 30\n", -ENOKEY, ERROR_NO_DOWNLOAD_AGENT },
                /* the agent does not take this version */
                { IDS "> e8\n> *4\n< a5 00 00 04 10\n", -EREMOTEIO, ERROR_DEVICE_REFUSED },
                /* damaged on the way */
                { IDS "> e8\n> *4\n< 5a 00 00 00 10\n> 5a\n> *4\n> *16\n< 00 00\n", -EPROTO,
                        ERROR_CHECKSUM_MISMATCH },
                /* the memory does not work with it */
                { IDS "> e8\n> *4\n< 5a 00 00 00 10\n> 5a\n> *4\n" OUR_ENTRY "< 00 00 0b bf\n",
                        -EREMOTEIO, ERROR_DEVICE_REFUSED },
                { "< 00 00 00 00\n< *16 00\n< 00 00 0b c4 ff ff\n", -EPROTO,
                        ERROR_PROTOCOL_VIOLATION },
                { IDS "> e8\n! gone\n", -ENODEV, ERROR_DEVICE_GONE },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Peer p;
                DramSettings d = settings(20);
                Transport *t = peer_script(&p, cases[i].script);
                Failure f = {};

                assert_int_equal(legacy_dram_send(t, 0x0321, &d, &f), cases[i].error);
                assert_int_equal(f.id, cases[i].id);
                assert_null(p.problem);
                peer_free(t);
        }
}

TEST_MAIN(cmocka_unit_test(test_set_up), cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_failures))
