/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "xml-peer.h"

#include "protocol/xml-link.h"

typedef struct Got {
        uint64_t size;
        uint8_t last;
        uint64_t stop_at; /* -ECANCELED there; 0 never */
} Got;

static int take(void *userdata, const uint8_t *data, size_t size)
{
        Got *g = userdata;

        g->size += size;
        g->last = data[size - 1];
        return g->stop_at && g->size >= g->stop_at ? -ECANCELED : 0;
}

static XmlPeer peer;
static XmlLink link_;

/* Runs one command against a script; its end is checked. */
static int command(const char *script, const XmlCommand *c, Failure *f)
{
        int r;

        assert_int_equal(xml_link_init(&link_, xml_script(&peer, script)), 0);
        r = xml_command(&link_, c, f);
        xml_link_done(&link_);
        if (peer.peer.problem)
                fail_msg("line %u: %s", peer.peer.line, peer.peer.problem);
        return r;
}

static int whole(const char *script, const XmlCommand *c, Failure *f)
{
        int r = command(script, c, f);

        xml_done(&peer);
        return r;
}

static void broken(const char *script, const XmlCommand *c, int error)
{
        Failure f = {};

        assert_int_equal(command(script, c, &f), error);
        assert_int_not_equal(f.id, ERROR_NONE);
        free(peer.payload);
        peer_free(&peer.peer.transport);
}

#define READ_FLASH "READ-FLASH", .arguments = "<partition>EMMC-USER</partition>", .sink = take

/* Two commands: the second waits for START. A read of two packets and a bit. */
static void test_read(void **state)
{
        Got got = {};
        const XmlCommand read = { .name = READ_FLASH, .userdata = &got, .expect = 0x2400 };
        const XmlCommand info = { .name = "SET-HOST-INFO" };
        Transport *t = xml_script(&peer,
                ">~ <command>CMD:SET-HOST-INFO</command></da>\n<OK\n<END OK\n> OK\n"
                "<START\n> OK\n"
                ">~ <version>1.0</version><command>CMD:READ-FLASH</command><arg><partition>\n"
                "<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x0000000000002400\n> OK\n"
                "<OK@0x0\n> OK\n<# 4096 1\n> OK\n"
                "<OK@0x0\n> OK\n<# 4096 2\n> OK\n"
                "<OK@0x0\n> OK\n<# 1024 3\n> OK\n"
                "<END OK\n> OK\n<START\n> OK\n");

        assert_int_equal(xml_link_init(&link_, t), 0);
        assert_int_equal(xml_command(&link_, &info, NULL), XML_RESULT_OK);
        assert_int_equal(xml_command(&link_, &read, NULL), XML_RESULT_OK);
        assert_true(got.size == 0x2400 && got.last == 3);
        xml_link_done(&link_);
        xml_done(&peer);
}

/* <result> decides, whatever texts pile up in the message. */
static void test_results(void **state)
{
        const XmlCommand c = { .name = "X" };

        assert_int_equal(
                whole(">~ X\n<OK\n<END OK Unsupported command.failed!\n> OK\n<START\n> OK\n", &c,
                        NULL),
                XML_RESULT_OK);
        assert_int_equal(whole(">~ X\n<OK\n<END ERR it went well\n> OK\n<START\n> OK\n", &c, NULL),
                XML_RESULT_ERR);
        assert_int_equal(whole(">~ X\n<ERR!UNSUPPORTED\n<END ERR!UNSUPPORTED Unsupported command.\n"
                               "> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_UNSUPPORTED);
}

/* Progress, questions about files, things nobody knows: each is answered, the command goes on. */
static void test_dialogues(void **state)
{
        const XmlCommand c = { .name = "NOTIFY-INIT-HW" };

        assert_int_equal(
                whole(">~ NOTIFY\n<OK\n<PROGRESS\n> OK\n<OK!PROGRESS@0@init-hw\n> OK\n"
                      "<OK!PROGRESS@100@\n> OK\n<OK!EOT\n> OK\n<END OK\n> OK\n<START\n> OK\n",
                        &c, NULL),
                XML_RESULT_OK);
        assert_int_equal(whole(">~ NOTIFY\n<OK\n<PROGRESS\n> OK\n<OK!EOT\n> OK\n<END OK\n> "
                               "OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_OK);
        assert_int_equal(
                whole(">~ NOTIFY\n<OK\n<FS FILE-SIZE\n> OK\n> OK@0\n<FS EXISTS\n> OK\n"
                      "> OK@NOT-EXISTS\n<FS MKDIR\n> OK\n> OK\n<END ERR\n> OK\n<START\n> OK\n",
                        &c, NULL),
                XML_RESULT_ERR);
        assert_int_equal(whole(">~ NOTIFY\n<OK\n<<host><command>CMD:DANCE</command></host>\n> ERR\n"
                               "<END ERR\n> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_ERR);
        /* files nobody asked for are declined */
        assert_int_equal(
                whole(">~ NOTIFY\n<OK\n<UPLOAD 0x1000\n> ERR\n<END ERR\n> OK\n<START\n> OK\n", &c,
                        NULL),
                XML_RESULT_ERR);
        assert_int_equal(whole(">~ NOTIFY\n<OK\n<DOWNLOAD 0x1000 CHK_NO\n> ERR\n<END ERR\n> "
                               "OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_ERR);
}

/* A file for the phone, in packets of its length, with sums when it asks for them. */
static void test_send_file(void **state)
{
        static const uint8_t image[0x1801] = { 1, 2, 3, [0x1800] = 0x44 };
        const XmlCommand c = { .name = "BOOT-TO", .upload = image, .upload_size = sizeof image };

        assert_int_equal(whole(">~ BOOT-TO\n<OK\n<DOWNLOAD 0x1000 CHK_NO\n> OK\n> OK@0x1801\n<OK\n"
                               "> OK@0x0\n<OK\n># 4096\n<OK\n> OK@0x0\n<OK\n># 2049\n<OK\n"
                               "<END OK\n> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_OK);
        assert_int_equal(whole(">~ BOOT-TO\n<OK\n<DOWNLOAD 0x1000 CHK_ADD\n> OK\n> OK@0x1801\n<OK\n"
                               "> OK@0x6\n<OK\n># 4096\n<OK\n> OK@0x44\n<OK\n># 2049\n<OK\n"
                               "<END OK\n> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_OK);
        /* refused in the middle: END comes without another reply */
        assert_int_equal(whole(">~ BOOT-TO\n<OK\n<DOWNLOAD 0x1000 CHK_NO\n> OK\n> OK@0x1801\n<ERR\n"
                               "<END ERR no room\n> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_ERR);
        assert_int_equal(whole(">~ BOOT-TO\n<OK\n<DOWNLOAD 0x1000 CHK_NO\n> OK\n> OK@0x1801\n<OK\n"
                               "> OK@0x0\n<OK\n># 4096\n<ERR\n<END ERR\n> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_ERR);
}

/* A storage error in the middle of a read: one more answer, then END; or END right away. */
static void test_storage_error(void **state)
{
        Got got = {};
        const XmlCommand c = { .name = READ_FLASH, .userdata = &got, .expect = 0x3000 };

        assert_int_equal(whole(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x3000\n> OK\n"
                               "<OK@0x0\n> OK\n<# 4096 1\n> OK\n<ERR\n> OK\n<END ERR read failed\n"
                               "> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_ERR);
        assert_true(got.size == 0x1000);
        assert_int_equal(whole(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x3000\n> OK\n"
                               "<END ERR read failed\n> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_ERR);
        assert_int_equal(
                whole(">~ READ\n<OK\n<END ERR Cannot find [X]\n> OK\n<START\n> OK\n", &c, NULL),
                XML_RESULT_ERR);
        assert_int_equal(whole(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<ERR\n> OK\n<END ERR\n> "
                               "OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_ERR);
}

/* The sink wants no more: the packet is received, refused, and the command ends properly. */
static void test_cancel(void **state)
{
        Got got = { .stop_at = 1 };
        const XmlCommand c = { .name = READ_FLASH, .userdata = &got, .expect = 0x3000 };

        assert_int_equal(whole(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x3000\n> OK\n"
                               "<OK@0x0\n> OK\n<# 4096 1\n> ERR\n"
                               "<END ERR Host notice error or user canceled.\n> OK\n<START\n> OK\n",
                                 &c, NULL),
                -ECANCELED);
}

/* Another size than wanted is refused before a byte of it comes. */
static void test_wrong_size(void **state)
{
        Got got = {};
        const XmlCommand c = { .name = READ_FLASH, .userdata = &got, .expect = 0x3000 };
        Failure f = {};

        assert_int_equal(whole(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x2fff\n> ERR\n"
                               "<END ERR Host notice error or user canceled.\n> OK\n<START\n> OK\n",
                                 &c, &f),
                -EREMOTEIO);
        assert_int_equal(f.id, ERROR_PROTOCOL_VIOLATION);
        assert_true(got.size == 0);
}

/* OK without all bytes is no OK. */
static void test_short_ok(void **state)
{
        Got got = {};
        const XmlCommand c = { .name = READ_FLASH, .userdata = &got, .expect = 0x3000 };

        broken(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x3000\n> OK\n<OK@0x0\n> OK\n<# 4096 1\n"
               "> OK\n<END OK\n> OK\n<START\n> OK\n",
                &c, -EPROTO);
        broken(">~ READ\n<OK\n<END OK\n> OK\n<START\n> OK\n", &c, -EPROTO);
}

/* Log text between any two messages is passed over. */
static void test_log_text(void **state)
{
        Got got = {};
        const XmlCommand c = { .name = READ_FLASH, .userdata = &got, .expect = 0x1000 };

        assert_int_equal(whole(">~ READ\n<log hello\n<OK\n<log \n<UPLOAD 0x1000\n> OK\n<OK@0x1000\n"
                               "> OK\n<OK@0x0\n> OK\n<log data next\n<# 4096 1\n> OK\n<log end\n"
                               "<END OK\n> OK\n<START\n> OK\n",
                                 &c, NULL),
                XML_RESULT_OK);
        assert_true(got.size == 0x1000);
}

static void test_nonsense(void **state)
{
        Got got = {};
        const XmlCommand c = { .name = READ_FLASH, .userdata = &got, .expect = 0x1000 };

        broken(">~ READ\n<raw ef ee ee fd 01 00 00 00 03 00 00 00\n", &c, -EPROTO);
        broken(">~ READ\n<raw ef ee ee fe 03 00 00 00 03 00 00 00\n", &c, -EPROTO);
        broken(">~ READ\n<raw ef ee ee fe 01 00 00 00 ff ff ff ff\n", &c, -EPROTO);
        broken(">~ READ\n<raw ef ee ee fe 01 00 00 00 00 00 00 00\n", &c, -EPROTO);
        broken(">~ READ\n<raw ef ee ee fe 01 00 00 00 01 00 20 00\n", &c,
                -EPROTO); /* text of 2 MiB */
        broken(">~ READ\n<good morning\n", &c, -EPROTO);
        broken(">~ READ\n<START\n", &c, -EPROTO);
        broken(">~ READ\n<OK\n<START\n", &c, -EPROTO);
        broken(">~ READ\n<OK\n<UPLOAD 0\n", &c, -EPROTO);
        broken(">~ READ\n<OK\n<UPLOAD many\n", &c, -EPROTO);
        broken(">~ READ\n<OK\n<UPLOAD 0x80000000\n", &c, -EPROTO);
        broken(">~ READ\n<OK\n<DOWNLOAD 0 CHK_NO\n", &c, -EPROTO);
        broken(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@huge\n", &c, -EPROTO);
        broken(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x1000\n> OK\n<OK@0x0\n> OK\n<# 4097 1\n",
                &c, -EPROTO);
        broken(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x1000\n> OK\n<OK@0x0\n> OK\n<# 4096 1\n> "
               "OK\n"
               "<UPLOAD 0x1000\n",
                &c, -EPROTO);
        broken(">~ READ\n", &c, -ETIMEDOUT);
        broken(">~ READ\n<OK\n! gone\n", &c, -ENODEV);
        broken(">~ READ\n<OK\n<UPLOAD 0x1000\n> OK\n<OK@0x1000\n> OK\n<OK@0x0\n> OK\n"
               "<raw ef ee ee fe 01 00 00 00 00 10 00 00 11 22\n! gone\n",
                &c, -ENODEV);
}

static void test_start(void **state)
{
        Transport *t = xml_script(&peer, "<START\n> OK\n<OK\n");

        assert_int_equal(xml_link_init(&link_, t), 0);
        assert_int_equal(xml_wait_start(&link_, 1, NULL), 0);
        assert_int_equal(xml_wait_start(&link_, 1, NULL), -EPROTO);
        xml_link_done(&link_);
        xml_done(&peer);
}

/* What a refusal is called: locked phones have a name of their own. */
static void test_refusals(void **state)
{
        XmlLink l = { .message = "Server is not authenticated. Locked." };
        Failure f = {};

        assert_int_equal(xml_refused(&l, "reading", &f), -EREMOTEIO);
        assert_int_equal(f.id, ERROR_AUTH_REQUIRED);
        f = (Failure){};
        l = (XmlLink){ .message = "Cannot find [X]" };
        assert_int_equal(xml_refused(&l, "reading", &f), -EREMOTEIO);
        assert_int_equal(f.id, ERROR_DEVICE_REFUSED);
        assert_non_null(strstr(f.text, "Cannot find [X]"));
}

TEST_MAIN(cmocka_unit_test(test_read), cmocka_unit_test(test_results),
        cmocka_unit_test(test_dialogues), cmocka_unit_test(test_send_file),
        cmocka_unit_test(test_storage_error), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_wrong_size), cmocka_unit_test(test_short_ok),
        cmocka_unit_test(test_log_text), cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_start), cmocka_unit_test(test_refusals))
