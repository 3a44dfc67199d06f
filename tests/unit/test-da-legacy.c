/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/da-families.h"

static uint8_t stage1[16], stage2[16];
static const DaAgent agent = {
        .family = DA_LEGACY,
        .stage1 = { .data = stage1, .size = 16, .sig_size = 4, .address = 0x200000 },
        .stage2 = { .data = stage2, .size = 16, .sig_size = 4, .address = 0x40000000 },
};
static const BootIdentity preloader = { .hw_code = 0x321, .version = 3 };

#define LOADER                                                                                     \
        "> d7\n< d7\n> 00 20 00 00\n< 00 20 00 00\n> 00 00 00 10\n< 00 00 00 10\n"                 \
        "> 00 00 00 04\n< 00 00 00 04\n< 00 00\n> *16\n< 00 00\n< 00 00\n"                         \
        "> d5\n< d5\n> 00 20 00 00\n< 00 20 00 00\n< 00 00\n"
#define HELLO                                                                                      \
        "< c0 00 00 0b c0 00 00 00 00 00 00\n< *16 00\n> 5a\n< 04 02 93\n"                         \
        "> ff 03 00 08 00 70 07 ff ff 01 00 00 00 00 02 01 02 00\n< 00 00 00 00\n"                 \
        "> 40 00 00 00 00 00 00 10 00 00 10 00\n< 5a\n> *16\n< 5a\n< 5a\n> 5a\n"
/* no ids, 32-bit NAND size: 28 + 22, then eMMC with areas of 1 MiB and a USER of 16 MiB */
#define REPORT(nand, emmc)                                                                         \
        "< 00 00 0b c3\n< *24 00\n< " nand                                                         \
        " 00 00 00\n< 00 20 00 00\n< 00 00 08 00 00 40 00 40 00 00 00\n"                           \
        "< " emmc "\n< 00 00 00 00 00 10 00 00\n< 00 00 00 00 00 10 00 00\n"                       \
        "< 00 00 00 00 00 10 00 00\n< *32 00\n< 00 00 00 00 01 00 00 00\n"                         \
        "< 53 00 01 15 4d 45 4d 49 34 12 10 43 00 00 78 56\n< 01\n< *7 00\n"                       \
        "< 00 00 0c 4f\n< *24 00\n< 00 00 00 00\n< 00 04 00 00\n< 00 00 00 00\n< 02 00\n"          \
        "< 00 00 00 00 40 00 00 00\n< *16 00\n< 5a 00 00 0c 0c 00 00 04 09 c1\n"
#define EMMC REPORT("00 00 0b c4", "00 00 00 00")
#define FAST "> 72\n< 5a 01\n"
#define SELECT(part) "> 60\n< 5a\n> " part "\n< 5a\n"
#define READ(address, length) "> d6\n> 0b\n> 02\n> " address "\n> " length "\n< 5a\n> 00 10 00 00\n"
#define AT_0 "00 00 00 00 00 00 00 00"
#define SECTOR "00 00 00 00 00 00 02 00"
#define TABLE "< *510 00\n< 55 aa 00 ff\n> 5a\n"
#define BOOT_AREA "< 45 4d 4d 43 5f 42 4f 4f 54\n< *503 00\n< 02 b5\n> 5a\n"

static Peer peer;

static int replug(void *userdata, Transport **ret, Failure *f)
{
        (*(unsigned *)userdata)++;
        return 0; /* the same peer goes on */
}

static DaSession *session(const char *script, const DaTarget *target)
{
        DaSession *s;

        peer_script(&peer, script);
        assert_int_equal(da_session_new(&peer.transport, target, &s, NULL), 0);
        return s;
}

static const DaTarget plain = { .identity = &preloader, .agent = &agent };

static int take(void *userdata, const uint8_t *data, size_t size)
{
        *(size_t *)userdata += size;
        return 0;
}

/* A whole short life: agent, storage, a sector of USER, off. */
static void test_life(void **state)
{
        DaSession *s = session(LOADER HELLO EMMC FAST SELECT("08") READ(AT_0, SECTOR)
                                       TABLE SELECT("08") READ("00 00 00 00 00 00 04 00", SECTOR)
                                               TABLE "> d9\n< 5a\n> 00 00 00 00\n< 5a\n",
                &plain);
        size_t got = 0;

        assert_int_equal(da_session_start(s, NULL), 0);
        assert_true(s->running);
        assert_int_equal(da_session_info(s, NULL), 0);
        assert_int_equal(s->storage.type, STORAGE_EMMC);
        assert_int_equal(s->storage.n_regions, 4);
        assert_true(storage_region(&s->storage, REGION_USER)->size == 16 * MiB);
        assert_false(storage_region(&s->storage, REGION_RPMB)->readable);
        assert_memory_equal(s->storage.cid, "\x15\x01\x00SIMEMC", 9);
        assert_string_equal(s->storage.da_version, "4.2 (chip 93)");
        assert_true(s->storage.dram_size == GiB);
        assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_USER), 1024, 512,
                                 take, &got, NULL),
                0);
        assert_int_equal(got, 512);
        assert_int_equal(da_session_finish(s, DA_FINISH_OFF, NULL), 0);
        assert_false(s->running);
        assert_true(s->lost);
        da_session_free(s);
        peer_done(&peer);
}

/* In a linear space every address of USER is moved, and no byte of the end is lost. */
static void test_linear(void **state)
{
        DaSession *s =
                session(LOADER HELLO EMMC FAST SELECT("08") READ(AT_0, SECTOR)
                                BOOT_AREA READ("00 00 00 00 00 30 00 00", SECTOR) TABLE SELECT("08")
                                        READ("00 00 00 00 01 2f fe 00", SECTOR) TABLE SELECT("02")
                                                READ("00 00 00 00 00 10 00 00", SECTOR) BOOT_AREA,
                        &plain);
        size_t got = 0;

        assert_int_equal(da_session_start(s, NULL), 0);
        assert_int_equal(da_session_info(s, NULL), 0);
        assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_USER),
                                 16 * MiB - 512, 512, take, &got, NULL),
                0);
        assert_int_equal(da_session_read(s, storage_region(&s->storage, REGION_BOOT2), 0, 512, take,
                                 &got, NULL),
                0);
        assert_int_equal(got, 1024);
        da_session_free(s);
        peer_done(&peer);
}

/* NAND instead of eMMC; neither of them. */
static void test_other_storage(void **state)
{
        DaSession *s = session(LOADER HELLO REPORT("00 00 00 00", "00 00 0c 4d") FAST, &plain);
        Failure f = {};

        assert_int_equal(da_session_start(s, NULL), 0);
        assert_int_equal(da_session_info(s, NULL), 0);
        assert_int_equal(s->storage.type, STORAGE_NAND);
        assert_int_equal(s->storage.block_size, 2048);
        assert_int_equal(s->storage.page_size, 2048);
        assert_int_equal(s->storage.spare_size, 64);
        assert_true(storage_region(&s->storage, REGION_USER)->size == 0x200000);
        da_session_free(s);
        peer_done(&peer);

        s = session(LOADER HELLO REPORT("00 00 0b c8", "00 00 0c 4d") FAST, &plain);
        assert_int_equal(da_session_start(s, NULL), 0);
        assert_int_equal(da_session_info(s, &f), -ENXIO);
        assert_int_equal(f.id, ERROR_DEVICE_REFUSED);
        assert_int_equal(f.status, 0xc4d);
        assert_false(s->lost); /* it can still be let go */
        da_session_free(s);
        peer_done(&peer);
}

/* A slow link is made fast when somebody can find the phone again. */
static void test_speed(void **state)
{
        unsigned replugs = 0;
        DaTarget target = plain;
        DaSession *s;

        target.replug = replug;
        target.userdata = &replugs;
        s = session(LOADER HELLO EMMC "> 72\n< 5a 00\n> 70\n> 01\n< 5a\n", &target);
        assert_int_equal(da_session_start(s, NULL), 0);
        assert_int_equal(replugs, 1);
        da_session_free(s);
        peer_done(&peer);

        s = session(LOADER HELLO EMMC "> 72\n< 5a 00\n", &plain); /* nobody there */
        assert_int_equal(da_session_start(s, NULL), 0);
        da_session_free(s);
        peer_done(&peer);

        s = session(LOADER HELLO EMMC "> 72\n< bb\n", &target); /* it does not know the question */
        assert_int_equal(da_session_start(s, NULL), 0);
        assert_int_equal(replugs, 1);
        da_session_free(s);
        peer_done(&peer);
}

/* Restarting needs a command some agents lack: then it is at least switched off. */
static void test_finish(void **state)
{
        static const char *const ends[] = {
                "> db\n> 00 00 00 00 00 00 00 01\n< 5a\n",
                "> db\n> 00 00 00 00 00 00 00 01\n< bb\n> d9\n< 5a\n> 00 00 00 00\n< 5a\n",
                "> db\n> 00 00 00 00 00 00 00 01\n< a5 00 00 04 10\n> d9\n< 5a\n> 00 00 00 00\n! "
                "gone\n",
        };

        for (size_t i = 0; i < ELEMENTS(ends); i++) {
                char script[4096];
                DaSession *s;

                snprintf(script, sizeof script, "%s%s", LOADER HELLO EMMC FAST, ends[i]);
                s = session(script, &plain);
                assert_int_equal(da_session_start(s, NULL), 0);
                assert_int_equal(da_session_finish(s, DA_FINISH_REBOOT, NULL), 0);
                da_session_free(s);
                peer_done(&peer);
        }
}

/* From boot ROM mode nothing is sent without memory settings: the phone could only hang. */
static void test_boot_rom(void **state)
{
        static const BootIdentity rom = { .hw_code = 0x321, .mode = BOOT_BROM };
        const DaTarget target = { .identity = &rom, .agent = &agent };
        DaSession *s = session("", &target);
        Failure f = {};

        assert_int_equal(da_session_start(s, &f), -ENOKEY);
        assert_int_equal(f.id, ERROR_NO_DOWNLOAD_AGENT);
        assert_false(s->running);
        da_session_free(s);
        peer_done(&peer);
}

/* After a fault nothing more is said to the phone. */
static void test_lost(void **state)
{
        DaSession *s = session(LOADER "< c0 00 00 0b c0 ff ff\n", &plain);
        Failure f = {};

        assert_int_equal(da_session_start(s, &f), -EPROTO);
        assert_true(s->lost);
        assert_int_equal(da_session_finish(s, DA_FINISH_OFF, NULL), -EPROTO);
        da_session_free(s);
        peer_free(&peer.transport);
}

TEST_MAIN(cmocka_unit_test(test_life), cmocka_unit_test(test_linear),
        cmocka_unit_test(test_other_storage), cmocka_unit_test(test_speed),
        cmocka_unit_test(test_finish), cmocka_unit_test(test_boot_rom), cmocka_unit_test(test_lost))
