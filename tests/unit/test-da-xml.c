/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xml-peer.h"

#include "protocol/da-families.h"
#include "protocol/da-xml.h"
#include "protocol/xml-private.h"

static uint8_t stage1[16], stage2[0x1010];
static const DaAgent agent = {
        .family = DA_XML,
        .stage1 = { .data = stage1, .size = 16, .sig_size = 4, .address = 0x200000 },
        .stage2 = { .data = stage2, .size = 0x1010, .sig_size = 8, .address = 0x40000000 },
};
static const BootIdentity preloader = { .hw_code = 0x1066, .version = 3 };
static const DaTarget target = { .identity = &preloader, .agent = &agent };

/* The loader's lines in front of an agent's script, byte for byte. */
static const char loader[] =
        "> d7\n< d7\n> 00 20 00 00\n< 00 20 00 00\n> 00 00 00 10\n< 00 00 00 10\n"
        "> 00 00 00 04\n< 00 00 00 04\n< 00 00\n> *16\n< 00 00\n< 00 00\n"
        "> d5\n< d5\n> 00 20 00 00\n< 00 20 00 00\n< 00 00\n";

static XmlPeer peer;
static const char *agent_script;

/* Plays the loader's script, then the agent's. */
static void hear(Peer *p, const uint8_t *data, size_t size)
{
        if (agent_script) {
                script_hear(p, data, size);
                if (p->script && *p->script == 0) {
                        p->script = agent_script;
                        agent_script = NULL;
                        xml_talk(p);
                }
                return;
        }
        xml_hear(p, data, size);
}

static DaSession *session(const char *script)
{
        DaSession *s;

        peer = (XmlPeer){};
        agent_script = script;
        peer_init(&peer.peer, hear);
        peer.peer.script = loader;
        assert_int_equal(da_session_new(&peer.peer.transport, &target, &s, NULL), 0);
        return s;
}

#define COMMAND(name) ">~ CMD:" name "\n<OK\n"
#define UNSUPPORTED(name)                                                                          \
        ">~ CMD:" name                                                                             \
        "\n<ERR!UNSUPPORTED\n<END ERR!UNSUPPORTED Unsupported command.\n> OK\n<START\n> OK\n"
#define INIT COMMAND("NOTIFY-INIT-HW") "<PROGRESS\n> OK\n<OK!EOT\n> OK\n" END
#define BOOT_TO                                                                                    \
        ">~ <at_address>0x40000000</at_address><jmp_address>0x40000000</jmp_address>\n<OK\n"       \
        "<DOWNLOAD 0x1000 CHK_NO\n> OK\n> OK@0x1008\n<OK\n> OK@0x0\n<OK\n># 4096\n<OK\n"           \
        "> OK@0x0\n<OK\n># 8\n<OK\n" END
#define END "<END OK\n> OK\n<START\n> OK\n"

static const char old_build[] =
        "<START\n> OK\n" COMMAND("SET-RUNTIME-PARAMETER") END UNSUPPORTED("HOST-SUPPORTED-COMMANDS")
                INIT BOOT_TO UNSUPPORTED("HOST-SUPPORTED-COMMANDS") INIT
        ">~ CMD:GET-SYS-PROPERTY\n<ERR!UNSUPPORTED\n<END ERR!UNSUPPORTED x\n> OK\n<START\n> OK\n";

/* The build of 2021, which lacks every optional command. */
static void test_old_build(void **state)
{
        DaSession *s = session(old_build);
        Failure f = {};

        if (da_session_start(s, &f) < 0)
                fail_msg("%s (line %u: %s)", f.text, peer.peer.line, peer.peer.problem ?: "");
        assert_true(s->running);
        da_session_free(s);
        xml_done(&peer);
}

/* A build that wants its maker's authorisation: said once, plainly. */
static void test_locked(void **state)
{
        DaSession *s = session("<START\n> OK\n" COMMAND("SET-RUNTIME-PARAMETER")
                        END COMMAND("HOST-SUPPORTED-COMMANDS")
                                END INIT BOOT_TO COMMAND("HOST-SUPPORTED-COMMANDS") END INIT
                ">~ <key>DA.SLA</key>\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@21\n> OK\n<OK\n> OK\n"
                "<<item>ENABLED</item>\n> OK\n" END);
        Failure f = {};

        assert_int_equal(da_session_start(s, &f), -EACCES);
        assert_int_equal(f.id, ERROR_AUTH_REQUIRED);
        assert_true(f.hint[0]);
        assert_false(s->lost); /* it can still be restarted */
        da_session_free(s);
        xml_done(&peer);
}

/* The second stage is not the first one's. */
static void test_wrong_pair(void **state)
{
        DaSession *s = session("<START\n> OK\n" COMMAND("SET-RUNTIME-PARAMETER")
                        END UNSUPPORTED("HOST-SUPPORTED-COMMANDS") INIT
                ">~ CMD:BOOT-TO\n<OK\n<DOWNLOAD 0x10000 CHK_NO\n> "
                "OK\n> OK@0x1008\n<OK\n> OK@0x0\n<OK\n"
                "># 4104\n<OK\n<END ERR DA Hash mismatch.\n> OK\n<START\n> OK\n");
        Failure f = {};

        assert_int_equal(da_session_start(s, &f), -EREMOTEIO);
        assert_non_null(strstr(f.text, "DA Hash mismatch"));
        assert_non_null(strstr(f.hint, "import it again"));
        da_session_free(s);
        xml_done(&peer);
}

static DaXml *running(const char *script)
{
        DaSession *s;

        assert_int_equal(da_xml_new(&s), 0);
        s->transport = xml_script(&peer, script);
        s->running = true;
        s->storage.type = STORAGE_EMMC;
        s->storage.block_size = 512;
        assert_int_equal(storage_add_region(&s->storage, REGION_USER, 0, MiB, true), 0);
        assert_int_equal(xml_link_init(&((DaXml *)s)->link, s->transport), 0);
        return (DaXml *)s;
}

#define INFO                                                                                       \
        "<da_hw_info><storage>EMMC</storage><emmc><user_size>0x100000</user_size></emmc></da_hw_"  \
        "info>"

static void test_info(void **state)
{
        DaXml *x =
                running(">~ CMD:GET-HW-INFO\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x5d\n> OK\n<OK\n> OK\n"
                        "<" INFO "\n> OK\n" END ">~ CMD:GET-DA-INFO\n<ERR!UNSUPPORTED\n<END "
                        "ERR!UNSUPPORTED x\n> OK\n<START\n> OK\n");
        DaSession *s = &x->session;

        assert_int_equal(strlen(INFO) + 1, 0x5d);
        assert_int_equal(da_session_info(s, NULL), 0);
        assert_int_equal(s->storage.type, STORAGE_EMMC);
        assert_true(storage_region(&s->storage, REGION_USER)->size == MiB);
        assert_int_equal(s->storage.n_cid, 0);
        da_session_free(s);
        xml_done(&peer);
}

static void test_no_storage(void **state)
{
        DaXml *x =
                running(">~ CMD:GET-HW-INFO\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@32\n> OK\n<OK\n> OK\n"
                        "<<x><storage>NONE</storage>12345</x>\n> OK\n" END);
        Failure f = {};

        assert_int_equal(da_session_info(&x->session, &f), -EPROTO); /* 35 bytes, 32 announced */
        da_session_free(&x->session);
        free(peer.payload);
        peer_free(&peer.peer.transport);

        x = running(">~ CMD:GET-HW-INFO\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@31\n> OK\n<OK\n> OK\n"
                    "<<x><storage>NONE</storage></x>\n> OK\n" END);
        f = (Failure){};
        assert_int_equal(da_session_info(&x->session, &f), -ENXIO);
        assert_int_equal(f.id, ERROR_DEVICE_REFUSED);
        da_session_free(&x->session);
        xml_done(&peer);
}

static int take(void *userdata, const uint8_t *data, size_t size)
{
        *(size_t *)userdata += size;
        return 0;
}

/* A read in the middle; one that the agent refuses. */
static void test_read(void **state)
{
        DaXml *x =
                running(">~ <partition>EMMC-USER</partition><offset>0x1000</offset><length>0x200<\n"
                        "<OK\n<UPLOAD 0x200000\n> OK\n<OK@0x0000000000000200\n> OK\n<OK@0x0\n> OK\n"
                        "<# 512 1\n> OK\n" END ">~ READ-FLASH\n<OK\n<END ERR Server is not "
                        "authenticated. Locked.\n> OK\n<START\n> OK\n");
        const Region *user = storage_region(&x->session.storage, REGION_USER);
        Failure f = {};
        size_t got = 0;

        assert_int_equal(da_session_read(&x->session, user, 0x1000, 0x200, take, &got, NULL), 0);
        assert_int_equal(got, 512);
        assert_int_equal(da_session_read(&x->session, user, 0, 0x200, take, &got, &f), -EREMOTEIO);
        assert_int_equal(f.id, ERROR_AUTH_REQUIRED);
        assert_false(x->session.lost);
        da_session_free(&x->session);
        xml_done(&peer);
}

static void test_finish(void **state)
{
        static const struct {
                DaFinish how;
                const char *action;
        } ways[] = { { DA_FINISH_REBOOT, "IMMEDIATE" }, { DA_FINISH_OFF, "DISCONNECT" } };

        for (size_t i = 0; i < ELEMENTS(ways); i++) {
                char script[256];
                DaXml *x;

                snprintf(script, sizeof script,
                        ">~ CMD:REBOOT</command><arg><action>%s</action></arg></da>\n<OK\n"
                        "<END OK\n> OK\n",
                        ways[i].action);
                x = running(script);
                assert_int_equal(da_session_finish(&x->session, ways[i].how, NULL), 0);
                assert_false(x->session.running);
                assert_true(x->session.lost);
                da_session_free(&x->session);
                xml_done(&peer);
        }
}

TEST_MAIN(cmocka_unit_test(test_old_build), cmocka_unit_test(test_locked),
        cmocka_unit_test(test_wrong_pair), cmocka_unit_test(test_info),
        cmocka_unit_test(test_no_storage), cmocka_unit_test(test_read),
        cmocka_unit_test(test_finish))
