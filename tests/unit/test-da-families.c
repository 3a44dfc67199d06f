/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "peer.h"

#include "protocol/da-families.h"

/* A session is made for the family of its agent. */
static void test_families(void **state)
{
        static DaAgent agent = { .family = DA_XFLASH };
        static const BootIdentity id;
        DaTarget target = { .agent = &agent, .identity = &id };
        _cleanup_(da_session_freep) DaSession *s = NULL;
        Peer p;

        assert_int_equal(da_session_new(peer_script(&p, ""), &target, &s, NULL), 0);
        assert_string_equal(s->ops->name, "xflash");
        assert_int_equal(s->storage.rpmb_key, -1);
        assert_false(s->running);
        peer_done(&p);
}

/* The family of an agent that nobody knows shows in what it says after its first byte, C0: an XFlash
 * agent waits for the host, a legacy one goes on. */
static void test_unknown_family(void **state)
{
#define STARTED                                                                                    \
        "> d7\n< d7\n> 00 20 00 00\n< 00 20 00 00\n> 00 00 00 04\n< 00 00 00 04\n"                 \
        "> 00 00 00 00\n< 00 00 00 00\n< 00 00\n> 01 02 03 04\n< 06 02\n< 00 00\n"                 \
        "> d5\n< d5\n> 00 20 00 00\n< 00 20 00 00 00 00\n"
        static const struct {
                const char *script, *name;
                int error;
                ErrorId id;
        } cases[] = {
                { STARTED "< c0\n", "xflash", 0, ERROR_NONE },
                { STARTED "< c0 00\n", "legacy", 0, ERROR_NONE },
                { STARTED "< c0\n< 03 02 83\n", "legacy", 0, ERROR_NONE },
                { STARTED "< ef ee ee fe\n", NULL, -EPROTO, ERROR_PROTOCOL_VIOLATION },
                { STARTED, NULL, -ETIMEDOUT, ERROR_PROTOCOL_VIOLATION },
                { STARTED "< c0\n! gone\n", NULL, -ENODEV, ERROR_DEVICE_GONE },
        };
        static const BootIdentity id = { .mode = BOOT_PRELOADER };
        uint8_t stage[] = { 1, 2, 3, 4 };
        DaAgent agent = {
                .family = _DA_FAMILY_MAX,
                .stage1 = { .data = stage, .size = sizeof stage, .address = 0x200000 },
        };
        DaTarget target = { .agent = &agent, .identity = &id };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(da_session_freep) DaSession *s = NULL;
                uint8_t rest[16];
                Failure f = { 0 };
                Peer p;

                assert_int_equal(da_session_new(peer_script(&p, cases[i].script), &target, &s, &f),
                        cases[i].error);
                if (cases[i].error == 0) {
                        assert_string_equal(s->ops->name, cases[i].name);
                        assert_true(s->running && s->greeted);
                } else
                        assert_int_equal(f.id, cases[i].id);
                /* what it went on to say is left for the family */
                while (transport_read_some(&p.transport, rest, sizeof rest, 0) > 0)
                        ;
                peer_done(&p);
        }
}

/* Without the memory settings of its board a phone in boot ROM mode hears nothing at all. */
static void test_unknown_family_in_boot_rom(void **state)
{
        static const BootIdentity id = { .mode = BOOT_BROM };
        static const DaAgent agent = { .family = _DA_FAMILY_MAX };
        DaTarget target = { .agent = &agent, .identity = &id };
        DaSession *s = NULL;
        Failure f = { 0 };
        Peer p;

        assert_int_equal(da_session_new(peer_script(&p, ""), &target, &s, &f), -ENOKEY);
        assert_int_equal(f.id, ERROR_NO_DOWNLOAD_AGENT);
        assert_null(s);
        peer_done(&p);
}

TEST_MAIN(cmocka_unit_test(test_families), cmocka_unit_test(test_unknown_family),
        cmocka_unit_test(test_unknown_family_in_boot_rom))
