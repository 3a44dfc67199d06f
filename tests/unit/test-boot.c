/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/boot.h"

static const char mt6765[] = "> fd\n< fd\n< 07 66\n< 00 00\n"
                             "> fc\n< fc\n< 8a 00\n< ca 00\n< 02 00\n< 00 00\n"
                             "> fe\n< 03\n"
                             "> d8\n< d8\n< 00 00 00 00\n< 00 00\n"
                             "> fb\n< fb\n< 00 00 00 07\n< 00 00 00 00\n"
                             "> e1\n< e1\n< 00 00 00 10\n"
                             "< 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff\n< 00 00\n"
                             "> e7\n< e7\n< 00 00 00 20\n< *32 5a\n< 00 00\n";

static int identify(const char *script, BootIdentity *id, Failure *f)
{
        Peer p;
        int r = boot_identify(peer_script(&p, script), id, f);

        peer_done(&p);
        return r;
}

/* A preloader of an MT6765 says who it is; each field is a packet of its own. */
static void test_identify(void **state)
{
        BootIdentity id;

        assert_int_equal(identify(mt6765, &id, NULL), 0);
        assert_int_equal(id.mode, BOOT_PRELOADER);
        assert_int_equal(id.version, 3);
        assert_int_equal(id.hw_code, 0x0766);
        assert_int_equal(id.hw_sub, 0x8a00);
        assert_int_equal(id.hw_ver, 0xca00);
        assert_int_equal(id.sw_ver, 0x0200);
        assert_int_equal(id.target_config, 0);
        assert_int_equal(id.abilities, 7);
        assert_int_equal(id.n_me_id, 16);
        assert_int_equal(id.me_id[1], 0x11);
        assert_int_equal(id.n_soc_id, 32);
}

static void test_any_packets(void **state)
{
        for (size_t packet = 1; packet < 64; packet += 5) {
                BootIdentity id;
                Peer p;

                peer_script(&p, mt6765);
                p.packet = packet;
                assert_int_equal(boot_identify(&p.transport, &id, NULL), 0);
                assert_int_equal(id.n_soc_id, 32);
                peer_done(&p);
        }
}

#define HEAD_V(v)                                                                                  \
        "> fd\n< fd 07 66 00 00\n> fc\n< fc 8a 00 ca 00 02 00 00 00\n> fe\n< " v                   \
        "\n> d8\n< d8 00 00 00 05 00 00\n"

/* Ids of zeros or ones are none. */
static void test_empty_ids(void **state)
{
        BootIdentity id;

        assert_int_equal(identify(HEAD_V("03") "> fb\n< fb 00 00 00 07 00 00 00 00\n"
                                               "> e1\n< e1 00 00 00 10\n< *16 00\n< 00 00\n"
                                               "> e7\n< e7 00 00 00 20\n< *32 ff\n< 00 00\n",
                                 &id, NULL),
                0);
        assert_int_equal(id.target_config, BOOT_SECURE_BOOT | BOOT_DAA);
        assert_int_equal(id.n_me_id, 0);
        assert_int_equal(id.n_soc_id, 0);
}

/* Loaders that do not know the newer commands echo them and are silent. */
static void test_unknown_commands(void **state)
{
        BootIdentity id;

        assert_int_equal(identify(HEAD_V("03") "> fb\n< fb\n> fd\n< fd 07 66 00 00\n"
                                               "> e1\n< e1\n> fd\n< fd 07 66 00 00\n",
                                 &id, NULL),
                0);
        assert_int_equal(id.n_me_id, 0);
        /* old ones are not even asked */
        assert_int_equal(identify(HEAD_V("01"), &id, NULL), 0);
        assert_int_equal(id.version, 1);
        /* abilities tell what there is */
        assert_int_equal(
                identify(HEAD_V("03") "> fb\n< fb 00 00 00 01 00 00 00 00\n", &id, NULL), 0);
        assert_int_equal(identify(HEAD_V("03") "> fb\n< fb 00 00 00 04 00 00 00 00\n"
                                               "> e7\n< e7 00 00 00 04 01 02 03 04 00 00\n",
                                 &id, NULL),
                0);
        assert_int_equal(id.n_soc_id, 4);
}

static void test_late_answers_do_not_confuse(void **state)
{
        BootIdentity id;

        /* half of an id comes too late, in front of the answer that proves the step */
        assert_int_equal(identify(HEAD_V("03") "> fb\n< fb 00 00 00 07 00 00 00 00\n"
                                               "> e1\n< e1 00 00 00 10 01 02 03\n"
                                               "> fd\n< 04 05 06 07 08 00 00\n< fd 07 66 00 00\n",
                                 &id, NULL),
                0);
        assert_int_equal(id.n_me_id, 0);
        /* impossible lengths are not believed */
        assert_int_equal(identify(HEAD_V("03") "> fb\n< fb 00 00 00 02 00 00 00 00\n"
                                               "> e1\n< e1 ff ff ff ff 01 02 03\n"
                                               "> fd\n< fd 07 66 00 00\n",
                                 &id, NULL),
                0);
        assert_int_equal(id.n_me_id, 0);
}

static void test_boot_rom(void **state)
{
        BootIdentity id;

        assert_int_equal(identify(HEAD_V("fe") "> ff\n< 05\n"
                                               "> e1\n< e1 00 00 00 02 01 02 00 00\n"
                                               "> e7\n< e7 00 00 00 02 03 04 00 00\n",
                                 &id, NULL),
                0);
        assert_int_equal(id.mode, BOOT_BROM);
        assert_int_equal(id.version, 0);
        assert_int_equal(id.rom_version, 5);
        assert_int_equal(id.n_me_id, 2);
        /* one that only repeats the question, or says nothing at all */
        assert_int_equal(identify(HEAD_V("fe") "> ff\n< ff\n"
                                               "> e1\n< e1 00 00 00 02 01 02 00 00\n"
                                               "> e7\n< e7 00 00 00 02 03 04 00 00\n",
                                 &id, NULL),
                0);
        assert_int_equal(id.rom_version, 0);
        assert_int_equal(identify(HEAD_V("fe") "> ff\n> fd\n< fd 07 66 00 00\n"
                                               "> e1\n< e1 00 00 00 02 01 02 00 00\n"
                                               "> e7\n< e7 00 00 00 02 03 04 00 00\n",
                                 &id, NULL),
                0);
        assert_int_equal(id.rom_version, 0);
        assert_int_equal(id.n_soc_id, 2);
}

static void check_failure(const char *script, int error, ErrorId wanted)
{
        BootIdentity id;
        Failure f = { 0 };

        assert_int_equal(identify(script, &id, &f), error);
        assert_int_equal(f.id, wanted);
        assert_true(f.text[0]);
}

static void test_nonsense(void **state)
{
        check_failure("> fd\n< fc\n", -EPROTO, ERROR_PROTOCOL_VIOLATION);
        check_failure("> fd\n", -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION);
        check_failure("> fd\n< fd 07\n", -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION);
        check_failure("> fd\n< fd 07 66 1a 1d\n", -EACCES, ERROR_DEVICE_REFUSED);
        check_failure("> fd\n< fd 07 66 00 00\n> fc\n! gone", -ENODEV, ERROR_DEVICE_GONE);
        check_failure(HEAD_V("03") "> fb\n< fb\n> fd\n", -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION);
        check_failure(
                HEAD_V("03") "> fb\n< fb\n> fd\n< *512 00\n", -EPROTO, ERROR_PROTOCOL_VIOLATION);
}

/* Unplugged after any byte: always the same error. */
static void test_unplugged_anywhere(void **state)
{
        for (size_t n = 1; n < 93; n++) {
                BootIdentity id;
                Failure f = { 0 };
                Peer p;

                peer_script(&p, mt6765);
                p.hang_up = n;
                assert_int_equal(boot_identify(&p.transport, &id, &f), -ENODEV);
                assert_int_equal(f.id, ERROR_DEVICE_GONE);
                assert_true(f.hint[0]);
                peer_free(&p.transport);
        }
}

/* ---- registers, watchdog ---- */

static void test_registers(void **state)
{
        uint32_t value;
        Failure f = { 0 };
        Peer p;

        peer_script(&p,
                "> d1\n< d1\n> 10 00 70 00\n< 10 00 70 00\n> 00 00 00 01\n"
                "< 00 00 00 01 00 00 23 00 01 dd 00 00\n"
                "> d4\n< d4\n> 10 00 70 00\n< 10 00 70 00\n> 00 00 00 01\n"
                "< 00 00 00 01 00 00\n> 22 00 00 64\n< 22 00 00 64 00 01\n"
                "> d1\n< d1\n> 00 00 00 00\n< 00 00 00 00\n> 00 00 00 01\n"
                "< 00 00 00 01 10 00\n");
        assert_int_equal(boot_read32(&p.transport, 0x10007000, &value, NULL), 0);
        assert_int_equal(value, 0x230001dd);
        assert_int_equal(boot_write32(&p.transport, 0x10007000, 0x22000064, NULL), 0);
        assert_int_equal(boot_read32(&p.transport, 0, &value, &f), -EACCES);
        assert_int_equal(f.id, ERROR_DEVICE_REFUSED);
        assert_int_equal(f.status, 0x1000);
        peer_done(&p);
}

static const Chip chip32 = {
        .name = "MT6765", .wdt_addr = 0x10007000, .wdt_width = 32, .wdt_off = 0x22000064
};
static const Chip chip16 = {
        .name = "MT6577", .wdt_addr = 0xc0000000, .wdt_width = 16, .wdt_off = 0x2200
};

#define WRITE32(a, v)                                                                              \
        "> d4\n< d4\n> " a "\n< " a "\n> 00 00 00 01\n< 00 00 00 01\n< 00 00\n> " v "\n< " v       \
        "\n< 00 00\n"

static void test_watchdog_off(void **state)
{
        static const Chip none = { .name = "?" }, skip = { .wdt_addr = 1, .skip_wdt = true };
        Peer p;

        peer_script(&p, WRITE32("10 00 70 00", "22 00 00 64"));
        assert_int_equal(boot_watchdog_off(&p.transport, &chip32, NULL), 1);
        assert_int_equal(boot_watchdog_off(&p.transport, &none, NULL), 0);
        assert_int_equal(boot_watchdog_off(&p.transport, &skip, NULL), 0);
        assert_int_equal(boot_watchdog_off(&p.transport, NULL, NULL), 0);
        peer_done(&p);
        peer_script(&p,
                "> d2\n< d2\n> c0 00 00 00\n< c0 00 00 00\n> 00 00 00 01\n"
                "< 00 00 00 01 00 00\n> 22 00\n< 22 00 00 00\n");
        assert_int_equal(boot_watchdog_off(&p.transport, &chip16, NULL), 1);
        peer_done(&p);
}

/* MT6592 has a second one, which its loader may keep for itself. */
static void test_second_watchdog(void **state)
{
        static const char *const answers[] = { "< 00 00\n> 22 00 00 00\n< 22 00 00 00\n< 00 00\n",
                "< 10 01\n" };
        const Chip chip = {
                .hw_code = 0x6592, .wdt_addr = 0x10007000, .wdt_width = 32, .wdt_off = 0x22000064
        };

        for (size_t i = 0; i < ELEMENTS(answers); i++) {
                char script[512];
                Peer p;

                snprintf(script, sizeof script,
                        "> d4\n< d4\n> 10 00 70 00\n< 10 00 70 00\n> 00 00 00 01\n< 00 00 00 01\n"
                        "< 00 00\n> 22 00 00 64\n< 22 00 00 64\n< 00 00\n"
                        "> d4\n< d4\n> 10 00 05 00\n< 10 00 05 00\n> 00 00 00 01\n< 00 00 00 "
                        "01\n%s",
                        answers[i]);
                assert_int_equal(boot_watchdog_off(peer_script(&p, script), &chip, NULL), 1);
                peer_done(&p);
        }
}

/* The phone goes by a reset of its watchdog, sometimes before it could say so. */
static void test_release(void **state)
{
        static const Chip none = { .name = "?" };
        Failure f = { 0 };
        Peer p;

        peer_script(
                &p, WRITE32("10 00 70 00", "22 00 00 14") WRITE32("10 00 70 14", "00 00 12 09"));
        assert_int_equal(boot_release(&p.transport, &chip32, &f), 0);
        peer_done(&p);
        peer_script(&p,
                WRITE32("10 00 70 00", "22 00 00 14") "> d4\n< d4\n> 10 00 70 14\n"
                                                      "< 10 00 70 14\n> 00 00 00 01\n"
                                                      "< 00 00 00 01 00 00\n"
                                                      "> 00 00 12 09\n! gone");
        assert_int_equal(boot_release(&p.transport, &chip32, &f), 0);
        assert_false(failure_is_set(&f));
        peer_done(&p);

        /* refused: the phone stays where it is, and that is said */
        peer_script(&p,
                "> d4\n< d4\n> 10 00 70 00\n< 10 00 70 00\n> 00 00 00 01\n"
                "< 00 00 00 01 10 01\n");
        assert_int_equal(boot_release(&p.transport, &chip32, &f), -EACCES);
        assert_int_equal(f.status, 0x1001);
        peer_done(&p);
        f = (Failure){ 0 };
        peer_script(&p, "");
        assert_int_equal(boot_release(&p.transport, &none, &f), -EOPNOTSUPP);
        assert_int_equal(f.id, ERROR_UNSUPPORTED_CHIP);
        peer_done(&p);
}

/* ---- download agent ---- */

static void test_checksum(void **state)
{
        static const uint8_t data[] = { 1, 2, 3, 4, 5 };

        assert_int_equal(boot_checksum(data, 5), 0x0607);
        assert_int_equal(boot_checksum(data, 4), 0x0602);
        assert_int_equal(boot_checksum(data, 0), 0);
}

static const BootIdentity open_phone = { .hw_code = 0x766 };
static const BootIdentity fused_phone = { .hw_code = 0x766, .target_config = 7 };
static const uint8_t agent[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

#define SEND_DA                                                                                    \
        "> d7\n< d7\n> 00 20 00 00\n< 00 20 00 00\n> 00 00 00 08\n< 00 00 00 08\n"                 \
        "> 00 00 00 02\n< 00 00 00 02\n"

static int send_agent(const char *script, const BootIdentity *id, Failure *f)
{
        Peer p;
        int r = boot_send_da(peer_script(&p, script), id, 0x200000, agent, sizeof(agent), 2, f);

        peer_done(&p);
        return r;
}

/* The agent goes out in one transfer; the phone answers with the sum of what it got. */
static void test_send_and_jump(void **state)
{
        Peer p;

        assert_int_equal(
                send_agent(SEND_DA "< 00 00\n> 01 02 03 04 05 06 07 08\n< 08 00\n< 00 00\n",
                        &open_phone, NULL),
                0);
        peer_script(&p, "> d5\n< d5\n> 00 20 00 00\n< 00 20 00 00 00 00\n");
        assert_int_equal(boot_jump_da(&p.transport, 0x200000, NULL), 0);
        peer_done(&p);
}

static void check_refusal(
        const char *script, const BootIdentity *id, int error, ErrorId wanted, uint32_t status)
{
        Failure f = { 0 };

        assert_int_equal(send_agent(script, id, &f), error);
        assert_int_equal(f.id, wanted);
        assert_int_equal(f.status, status);
        assert_true(f.text[0]);
        assert_true(f.hint[0]);
}

static void test_refused_agents(void **state)
{
#define SENT SEND_DA "< 00 00\n> *8\n"
        check_refusal(SEND_DA "< 1d 0d\n", &open_phone, -EACCES, ERROR_AUTH_REQUIRED, 0x1d0d);
        check_refusal(SEND_DA "< 1d 15\n", &open_phone, -EACCES, ERROR_AUTH_REQUIRED, 0x1d15);
        check_refusal(SENT "< 08 00 70 24\n", &fused_phone, -EACCES, ERROR_AUTH_REQUIRED, 0x7024);
        check_refusal(SENT "< 08 00 1d 10\n", &fused_phone, -EACCES, ERROR_AUTH_REQUIRED, 0x1d10);
        check_refusal(SENT "< 08 00 1d 21\n", &open_phone, -EACCES, ERROR_DEVICE_REFUSED, 0x1d21);
        check_refusal(SENT "< 08 01\n", &open_phone, -EBADMSG, ERROR_CHECKSUM_MISMATCH, 0);
        /* a protected phone that vanishes or falls silent over an agent has judged it */
        check_refusal(SENT "! gone", &fused_phone, -EACCES, ERROR_AUTH_REQUIRED, 0);
        check_refusal(SENT, &fused_phone, -EACCES, ERROR_AUTH_REQUIRED, 0);
        check_refusal(SENT "< 08 00\n! gone", &fused_phone, -EACCES, ERROR_AUTH_REQUIRED, 0);
        check_refusal(SENT "! gone", &open_phone, -ENODEV, ERROR_DEVICE_GONE, 0);
        check_refusal(SENT, &open_phone, -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION, 0);
}

static void test_impossible_agents(void **state)
{
        Failure f = { 0 };
        Peer p;

        peer_script(&p, "");
        assert_int_equal(boot_send_da(&p.transport, &open_phone, 0, agent, 0, 0, &f), -EINVAL);
        assert_int_equal(boot_send_da(&p.transport, &open_phone, 0, agent, 8, 9, &f), -EINVAL);
        assert_int_equal(boot_send_da(&p.transport, &open_phone, 0, agent,
                                 (size_t)BOOT_DA_SIZE_MAX + 1, 0, &f),
                -EINVAL);
        assert_int_equal(f.id, ERROR_INVALID_FILE);
        peer_done(&p);
}

static void test_jump_without_agent(void **state)
{
        Failure f = { 0 };
        Peer p;

        peer_script(&p, "> d5\n< d5\n> 00 20 00 00\n< 00 20 00 00 70 24\n");
        assert_int_equal(boot_jump_da(&p.transport, 0x200000, &f), -EACCES);
        assert_int_equal(f.id, ERROR_AUTH_REQUIRED);
        peer_done(&p);
}

TEST_MAIN(cmocka_unit_test(test_identify), cmocka_unit_test(test_any_packets),
        cmocka_unit_test(test_empty_ids), cmocka_unit_test(test_unknown_commands),
        cmocka_unit_test(test_late_answers_do_not_confuse), cmocka_unit_test(test_boot_rom),
        cmocka_unit_test(test_nonsense), cmocka_unit_test(test_unplugged_anywhere),
        cmocka_unit_test(test_registers), cmocka_unit_test(test_watchdog_off),
        cmocka_unit_test(test_second_watchdog), cmocka_unit_test(test_release),
        cmocka_unit_test(test_checksum), cmocka_unit_test(test_send_and_jump),
        cmocka_unit_test(test_refused_agents), cmocka_unit_test(test_impossible_agents),
        cmocka_unit_test(test_jump_without_agent))
