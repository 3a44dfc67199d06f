/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xflash-peer.h"

#include "protocol/da-families.h"
#include "protocol/xflash-status.h"

static uint8_t stage1[16], stage2[24];
static const DaAgent agent = {
        .family = DA_XFLASH,
        .stage1 = { .data = stage1, .size = 16, .sig_size = 4, .address = 0x200000 },
        .stage2 = { .data = stage2, .size = 24, .sig_size = 8, .address = 0x40000000 },
};
static const BootIdentity preloader = { .hw_code = 0x766, .version = 3 };

#define LOADER                                                                                     \
        "> d7\n< d7\n> 00 20 00 00\n< 00 20 00 00\n> 00 00 00 10\n< 00 00 00 10\n"                 \
        "> 00 00 00 04\n< 00 00 00 04\n< 00 00\n> *16\n< 00 00\n< 00 00\n"                         \
        "> d5\n< d5\n> 00 20 00 00\n< 00 20 00 00\n< 00 00\n"
#define ENVIRONMENT                                                                                \
        HOST("14 00 00 00", "03 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00")
#define STAGE1                                                                                     \
        "< c0\n" HOST_WORD("53 59 4e 43") HOST_WORD("00 01 01 00") ENVIRONMENT PHONE_OK HOST_WORD( \
                "01 01 01 00") HOST_WORD("00 00 00 00") PHONE_OK PHONE_WORD("53 59 4e 43")
#define AGENT_PRELOADER                                                                            \
        CONTROL("0a 00 04 00") PHONE("09 00 00 00", "70 72 65 6c 6f 61 64 65 72") PHONE_OK
#define CHECKSUMS CONTROL("03 00 02 00") HOST_WORD("00 00 00 00") PHONE_OK
#define BOOT_TO                                                                                    \
        COMMAND("08 00 01 00")                                                                     \
        HOST("10 00 00 00", "00 00 00 40 00 00 00 00 10 00 00 00 00 00 00 00")                     \
        HOST("10 00 00 00", "*16")
#define STAGE2 BOOT_TO PHONE_OK PHONE_WORD("53 59 4e 43")
#define NO_SLA CONTROL_UNKNOWN("16 00 04 00")
#define PACKETS CONTROL("07 00 04 00") PHONE("08 00 00 00", "00 00 20 00 00 00 20 00") PHONE_OK

static int start(const char *script, const BootIdentity *id, const DaAgent *a, size_t packet,
        DaSession **ret, Failure *f)
{
        DaTarget target = { .identity = id, .agent = a };
        Peer p;
        int r;

        peer_script(&p, script);
        p.packet = packet;
        assert_int_equal(da_session_new(&p.transport, &target, ret, f), 0);
        r = da_session_start(*ret, f);
        if (r == 0)
                peer_done(&p);
        else
                peer_free(&p.transport);
        return r;
}

/* From the loader to the command loop of stage 2. The host says it runs Windows: packets of 2 MiB
 * are the thanks. */
static void test_start(void **state)
{
        for (size_t packet = 0; packet < 20; packet++) {
                DaSession *s;

                assert_int_equal(
                        start(LOADER STAGE1 AGENT_PRELOADER CHECKSUMS STAGE2 NO_SLA PACKETS,
                                &preloader, &agent, packet, &s, NULL),
                        0);
                assert_true(s->running);
                assert_int_equal(s->storage.packet_size, 0x200000);
                da_session_free(s);
        }
}

static void test_unknown_controls_are_not_needed(void **state)
{
        DaSession *s;

        assert_int_equal(start(LOADER STAGE1 CONTROL_UNKNOWN("0a 00 04 00") CONTROL_UNKNOWN(
                                       "03 00 02 00") STAGE2 NO_SLA CONTROL_UNKNOWN("07 00 04 00"),
                                 &preloader, &agent, 1, &s, NULL),
                0);
        da_session_free(s);
        /* a lock that is there but open */
        assert_int_equal(start(LOADER STAGE1 AGENT_PRELOADER CHECKSUMS STAGE2 CONTROL("16 00 04 00")
                                         PHONE_WORD("00 00 00 00") PHONE_OK PACKETS,
                                 &preloader, &agent, 0, &s, NULL),
                0);
        da_session_free(s);
}

static void check_start(const char *script, int error, ErrorId id, uint32_t status, bool lost)
{
        DaSession *s;
        Failure f = { 0 };

        assert_int_equal(start(script, &preloader, &agent, 0, &s, &f), error);
        assert_int_equal(f.id, id);
        assert_int_equal(f.status, status);
        assert_int_equal(s->lost, lost);
        da_session_free(s);
}

static void test_locked(void **state)
{
        check_start(LOADER STAGE1 AGENT_PRELOADER CHECKSUMS STAGE2 CONTROL("16 00 04 00")
                            PHONE_WORD("01 00 00 00") PHONE_OK,
                -EACCES, ERROR_AUTH_REQUIRED, 1, false);
}

static void test_refusals(void **state)
{
        check_start(LOADER STAGE1 AGENT_PRELOADER CHECKSUMS BOOT_TO PHONE_WORD("04 00 07 c0"),
                -EACCES, ERROR_DEVICE_REFUSED, 0xC0070004, false);
        check_start(LOADER STAGE1 AGENT_PRELOADER CHECKSUMS HOST_WORD("08 00 01 00")
                            PHONE_WORD("03 00 01 c0"),
                -EACCES, ERROR_DEVICE_REFUSED, 0xC0010003, false);
        check_start(LOADER "< c0\n" HOST_WORD("53 59 4e 43") HOST_WORD("00 01 01 00")
                            ENVIRONMENT PHONE_WORD("01 00 01 c0"),
                -EACCES, ERROR_DEVICE_REFUSED, 0xC0010001, false);
}

static void test_nonsense(void **state)
{
        check_start(LOADER "< c1\n", -EPROTO, ERROR_PROTOCOL_VIOLATION, 0, true);
        check_start(LOADER, -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION, 0, true);
        check_start(LOADER "! gone", -ENODEV, ERROR_DEVICE_GONE, 0, true);
        check_start(LOADER "< c0\n" HOST_WORD("53 59 4e 43") HOST_WORD("00 01 01 00")
                            ENVIRONMENT PHONE_OK HOST_WORD("01 01 01 00") HOST_WORD("00 00 00 00")
                                    PHONE_OK,
                -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION, 0, true); /* no storage: never SYNC */
        check_start(LOADER STAGE1 AGENT_PRELOADER CHECKSUMS BOOT_TO PHONE_OK PHONE_OK, -EPROTO,
                ERROR_PROTOCOL_VIOLATION, 0, true);
        check_start(LOADER STAGE1 AGENT_PRELOADER CHECKSUMS STAGE2 NO_SLA CONTROL("07 00 04 00")
                            PHONE("08 00 00 00", "00 00 20 00 00 00 00 00") PHONE_OK,
                -EPROTO, ERROR_PROTOCOL_VIOLATION, 0, true); /* packets of no bytes */
}

static void test_boot_rom_needs_memory_settings(void **state)
{
        static const BootIdentity brom = { .hw_code = 0x766, .mode = BOOT_BROM };
        DaSession *s;
        Failure f = { 0 };

        assert_int_equal(start("", &brom, &agent, 0, &s, &f), -ENOKEY);
        assert_int_equal(f.id, ERROR_NO_DOWNLOAD_AGENT);
        assert_false(s->running);
        da_session_free(s);
        check_start(LOADER STAGE1 CONTROL("0a 00 04 00") PHONE("04 00 00 00", "62 72 6f 6d")
                            PHONE_OK,
                -ENOKEY, ERROR_NO_DOWNLOAD_AGENT, 0, false);
}

static void test_agent_without_second_stage(void **state)
{
        static const DaAgent single = { .family = DA_XFLASH };
        DaSession *s;
        Failure f = { 0 };

        assert_int_equal(start("", &preloader, &single, 0, &s, &f), -EINVAL);
        assert_int_equal(f.id, ERROR_INVALID_FILE);
        da_session_free(s);
}

/* ---- information ---- */

#define EMMC                                                                                       \
        CONTROL("01 00 04 00")                                                                     \
        "< " HEAD("60 00 00 00") "\n< 01 00 00 00 00 02 00 00 00 00 40 00 00 00 00 00\n"           \
                                 "< 00 00 40 00 00 00 00 00 00 00 40 00 00 00 00 00\n< *32 00\n"   \
                                 "< 00 00 c0 47 07 00 00 00 15 01 00 41 4a 54 44 34 52 06 6e 12 "  \
                                 "34 56 78 49\n"                                                   \
                                 "< 06 00 00 00 00 00 00 00\n" PHONE_OK
#define REST                                                                                       \
        CONTROL("05 00 04 00")                                                                     \
        PHONE("03 00 00 00", "31 2e 30")                                                           \
        PHONE_OK CONTROL("0b 00 04 00") PHONE("0a 00 00 00", "68 69 67 68 2d 73 70 65 65 64")      \
                PHONE_OK CONTROL("0c 00 04 00") "< " HEAD(                                         \
                        "30 00 00 00") "\n"                                                        \
                                       "< 02 00 00 00 00 00 00 00 00 00 20 00 00 00 00 00 00 00 "  \
                                       "04 00 00 00 00 00\n"                                       \
                                       "< 01 00 00 00 00 00 00 00 00 00 00 40 00 00 00 00 00 00 "  \
                                       "00 80 00 00 00 00\n" PHONE_OK CONTROL("0f 00 04 00")       \
                                               PHONE_WORD("e8 0f 00 00")                           \
                                                       PHONE_OK CONTROL("10 00 04 00")             \
                                                               PHONE_WORD("10 00 00 00") PHONE_OK

static void test_info(void **state)
{
        Peer p;
        DaSession *s = running_session(&p, EMMC REST);

        s->storage.rpmb_key = -1;
        assert_int_equal(da_session_info(s, NULL), 0);
        assert_int_equal(s->storage.type, STORAGE_EMMC);
        assert_true(storage_region(&s->storage, REGION_USER)->size == 0x747C00000);
        assert_string_equal(s->storage.da_version, "1.0");
        assert_string_equal(s->storage.usb_speed, "high-speed");
        assert_true(s->storage.dram_size == 0x80000000);
        assert_int_equal(s->storage.battery_mv, 4072);
        assert_int_equal(s->storage.rpmb_key, 1);
        peer_done(&p);
        da_session_free(s);
}

static void test_info_of_ufs_with_little_else(void **state)
{
        Peer p;
        DaSession *s = running_session(&p,
                CONTROL("01 00 04 00") "< " HEAD("68 00 00 00") "\n< *104 00\n" PHONE_OK
                        CONTROL("04 00 04 00") "< " HEAD(
                                "34 00 00 00") "\n"
                                               "< 30 00 00 00 00 10 00 00\n< 00 00 40 00 00 00 00 "
                                               "00\n< 00 00 40 00 00 00 00 00\n"
                                               "< 00 00 00 cb 1d 00 00 00\n< *20 41\n" PHONE_OK
                                                       CONTROL_UNKNOWN("05 00 04 00") CONTROL_UNKNOWN(
                                                               "0b 00 04 00") CONTROL_UNKNOWN("0c "
                                                                                              "00 "
                                                                                              "04 "
                                                                                              "00")
                                                               CONTROL("0f 00 04 00") PHONE_WORD(
                                                                       "00 00 00 00")
                                                                       PHONE_WORD("01 00 04 c0")
                                                                               CONTROL_UNKNOWN(
                                                                                       "10 00 04 "
                                                                                       "00"));

        s->storage.rpmb_key = -1;
        assert_int_equal(da_session_info(s, NULL), 0);
        assert_int_equal(s->storage.type, STORAGE_UFS);
        assert_true(storage_region(&s->storage, REGION_USER)->size == 0x1dcb000000);
        assert_int_equal(s->storage.battery_mv, 0);
        assert_int_equal(s->storage.rpmb_key, -1);
        peer_done(&p);
        da_session_free(s);
}

static void check_info(const char *script, int error, ErrorId id)
{
        Failure f = { 0 };
        Peer p;
        DaSession *s = running_session(&p, script);

        assert_int_equal(da_session_info(s, &f), error);
        assert_int_equal(f.id, id);
        peer_done(&p);
        da_session_free(s);
}

static void test_no_storage(void **state)
{
        check_info(CONTROL("01 00 04 00") "< " HEAD(
                           "60 00 00 00") "\n< *96 00\n" PHONE_OK CONTROL_UNKNOWN("04 00 04 00"),
                -EOPNOTSUPP, ERROR_UNSUPPORTED_CHIP);
        check_info(CONTROL("01 00 04 00") "< " HEAD(
                           "60 00 00 00") "\n< 01 00 00 00\n< *92 ff\n" PHONE_OK,
                -EPROTO, ERROR_PROTOCOL_VIOLATION);
        check_info(CONTROL("01 00 04 00") PHONE_WORD("01 00 04 40") PHONE_OK, -EPROTO,
                ERROR_PROTOCOL_VIOLATION);
}

/* ---- the end ---- */

static void test_finish(void **state)
{
        static const struct {
                DaFinish how;
                const char *script;
        } cases[] = {
                { DA_FINISH_REBOOT,
                        COMMAND("07 00 01 00") HOST("18 00 00 00",
                                "01 00 00 00 00 00 00 00 00 00 00 00 "
                                "00 00 00 00 00 00 00 00 00 00 00 00") PHONE_OK },
                { DA_FINISH_OFF,
                        COMMAND("07 00 01 00") HOST("18 00 00 00",
                                "00 00 00 00 00 00 00 00 00 00 00 00 "
                                "00 00 00 00 00 00 00 00 00 00 00 00") PHONE_OK },
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                Peer p;
                DaSession *s = running_session(&p, cases[i].script);

                assert_int_equal(da_session_finish(s, cases[i].how, NULL), 0);
                assert_false(s->running);
                assert_int_equal(da_session_finish(s, cases[i].how, NULL), -EPROTO); /* once */
                peer_done(&p);
                da_session_free(s);
        }
}

static void test_finish_refused(void **state)
{
        Failure f = { 0 };
        Peer p;
        DaSession *s = running_session(&p, HOST_WORD("07 00 01 00") PHONE_WORD("03 00 01 c0"));

        assert_int_equal(da_session_finish(s, DA_FINISH_REBOOT, &f), -EACCES);
        assert_true(s->running);
        peer_done(&p);
        da_session_free(s);
}

TEST_MAIN(cmocka_unit_test(test_start), cmocka_unit_test(test_unknown_controls_are_not_needed),
        cmocka_unit_test(test_locked), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_nonsense), cmocka_unit_test(test_boot_rom_needs_memory_settings),
        cmocka_unit_test(test_agent_without_second_stage), cmocka_unit_test(test_info),
        cmocka_unit_test(test_info_of_ufs_with_little_else), cmocka_unit_test(test_no_storage),
        cmocka_unit_test(test_finish), cmocka_unit_test(test_finish_refused))
