/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "wire/message.h"

static void pair(int ends[2])
{
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

/* A helper tells which phone it has; the daemon reads it back. */
static void test_round_trip(void **state)
{
        _cleanup_message_ Message in = {};
        static const uint8_t id[] = { 0xde, 0xad };
        Message out;
        int ends[2];
        uint64_t code, bytes;
        uint8_t back[2];

        pair(ends);
        message_start(&out, "IDENTITY");
        message_addf(&out, "HW_CODE", "0x%04x", 0x0766);
        message_add(&out, "CHIP", "MT6765");
        message_add_u64(&out, "BYTES", UINT64_MAX);
        message_add_hex(&out, "ME_ID", id, sizeof id);
        assert_int_equal(message_send(ends[0], &out), 0);

        assert_int_equal(message_receive(ends[1], 0, &in), 1);
        assert_true(message_is(&in, "IDENTITY"));
        assert_string_equal(message_get(&in, "CHIP"), "MT6765");
        assert_int_equal(message_get_u64(&in, "HW_CODE", UINT16_MAX, &code), 0);
        assert_int_equal(code, 0x0766);
        assert_int_equal(message_get_u64(&in, "BYTES", UINT64_MAX, &bytes), 0);
        assert_true(bytes == UINT64_MAX);
        assert_int_equal(message_get_hex(&in, "ME_ID", back, 2), 0);
        assert_memory_equal(back, id, 2);
        assert_null(message_get(&in, "SOC_ID"));
        assert_string_equal(message_text(&in, "SOC_ID"), "");
        close(ends[0]);
        assert_int_equal(message_receive(ends[1], 0, &in), 0);
        close(ends[1]);
}

/* Descriptors travel beside the text and belong to the receiver. */
static void test_descriptors(void **state)
{
        Message out, in;
        int ends[2], pipe_ends[2], fd;

        pair(ends);
        assert_int_equal(pipe(pipe_ends), 0);
        message_start(&out, "JOB");
        message_add_fd(&out, pipe_ends[0]);
        message_add_fd(&out, pipe_ends[1]);
        assert_int_equal(message_send(ends[0], &out), 0);
        assert_int_equal(message_receive(ends[1], 0, &in), 1);
        assert_int_equal(in.n_fds, 2);
        fd = message_take_fd(&in, 1);
        assert_true(fd > pipe_ends[1]);
        assert_int_equal(write(fd, "x", 1), 1);
        close(fd);
        assert_int_equal(message_take_fd(&in, 1), -1);
        assert_int_equal(message_take_fd(&in, 2), -1);
        fd = in.fds[0];
        message_done(&in);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        close(ends[0]);
        close(ends[1]);
}

/* Whatever a name from a phone contains, it cannot make a second key. */
static void test_values_cannot_break_out(void **state)
{
        Message out, in;

        message_start(&out, "PART");
        message_add(&out, "NAME", "boot\nSIZE=1\x01");
        message_add(&out, "SIZE", "7=8");
        assert_int_equal(message_parse(out.text, out.size, &in), 0);
        assert_string_equal(message_get(&in, "NAME"), "boot SIZE=1 ");
        assert_string_equal(message_get(&in, "SIZE"), "7=8");
}

static void test_failure_travels_unchanged(void **state)
{
        Failure f = {}, back;
        Message out, in;

        failure_set(&f, 0, ERROR_DEVICE_REFUSED, "The phone refused the agent.");
        failure_status(&f, 0xc0020008);
        failure_phase(&f, "agent");
        failure_hint(&f, "Import the maker's agent.");
        message_start(&out, "FAIL");
        message_add_failure(&out, &f);
        assert_int_equal(message_parse(out.text, out.size, &in), 0);
        message_get_failure(&in, &back);
        assert_memory_equal(&f, &back, sizeof f);
}

static void test_too_much(void **state)
{
        char value[1000];
        Message m;
        int ends[2];

        pair(ends);
        memset(value, 'x', sizeof value - 1);
        value[sizeof value - 1] = 0;
        message_start(&m, "X");
        for (int i = 0; i < 20; i++)
                message_add(&m, "KEY", value);
        assert_int_equal(message_send(ends[0], &m), -EMSGSIZE);

        message_start(&m, "X");
        for (int i = 0; i <= MESSAGE_FDS_MAX; i++)
                message_add_fd(&m, 0);
        assert_int_equal(message_send(ends[0], &m), -EMSGSIZE);

        message_start(&m, "X");
        message_add_hex(&m, "KEY", value, 600);
        assert_int_equal(message_send(ends[0], &m), -EMSGSIZE);
        close(ends[0]);
        close(ends[1]);
}

static void test_malformed(void **state)
{
        static const char *const bad[] = { "", "lower", "TYPE\n", "TYPE\nKEY", "TYPE\n=x",
                "TYPE\nkey=x", "TYPE\nK E=x", "TYPE\nKEY=a\x01", "TYPE\n\nKEY=x", "TYPE KEY=x",
                "TYPE\nAAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDD=x" };
        static char many[2000], large[MESSAGE_SIZE_MAX + 1];
        Message m;

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(message_parse(bad[i], strlen(bad[i]), &m), -EBADMSG);
        assert_int_equal(message_parse("TYPE\0X=1", 8, &m), -EBADMSG);
        snprintf(many, sizeof many, "TYPE");
        for (int i = 0; i <= MESSAGE_KEYS_MAX; i++)
                strcat(many, "\nKEY=1");
        assert_int_equal(message_parse(many, strlen(many), &m), -EBADMSG);
        memset(large, 'A', sizeof large);
        assert_int_equal(message_parse(large, sizeof large, &m), -EBADMSG);
}

static void test_numbers(void **state)
{
        static const char *const bad[] = { "", " 1", "+1", "-1", "1x", "0x", "0xg", "1 ", "300",
                "18446744073709551616" };
        Message out, in;
        uint64_t value;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                message_start(&out, "X");
                message_add(&out, "N", bad[i]);
                assert_int_equal(message_parse(out.text, out.size, &in), 0);
                assert_int_equal(message_get_u64(&in, "N", 255, &value), -EBADMSG);
        }
        message_start(&out, "X");
        message_add(&out, "N", "0xff");
        message_add(&out, "H", "abc");
        assert_int_equal(message_parse(out.text, out.size, &in), 0);
        assert_int_equal(message_get_u64(&in, "N", 255, &value), 0);
        assert_int_equal(value, 255);
        assert_int_equal(message_get_u64(&in, "M", 255, &value), -ENOENT);
        assert_int_equal(message_get_hex_max(&in, "H", &value, 8), -EBADMSG);
        assert_int_equal(message_get_hex_max(&in, "N", &value, 8), -EBADMSG);
}

static void test_nobody_there(void **state)
{
        Message m;
        int ends[2];

        pair(ends);
        assert_int_equal(message_receive(ends[0], MSG_DONTWAIT, &m), -EAGAIN);
        close(ends[1]);
        message_start(&m, "X");
        assert_int_equal(message_send(ends[0], &m), -EPIPE);
        close(ends[0]);
}

/* A worker says why it failed and exits, with a message of the daemon's still unread. */
static void test_last_words_are_heard(void **state)
{
        _cleanup_message_ Message in = {};
        Message m;
        int ends[2];

        pair(ends);
        message_start(&m, "FINISH");
        assert_int_equal(message_send(ends[0], &m), 0);
        message_start(&m, "FAIL");
        assert_int_equal(message_send(ends[1], &m), 0);
        close(ends[1]);

        assert_int_equal(message_receive(ends[0], 0, &in), 1);
        assert_true(message_is(&in, "FAIL"));
        assert_int_equal(message_receive(ends[0], 0, &in), 0);
        close(ends[0]);
}

TEST_MAIN(cmocka_unit_test(test_round_trip), cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_values_cannot_break_out),
        cmocka_unit_test(test_failure_travels_unchanged), cmocka_unit_test(test_too_much),
        cmocka_unit_test(test_malformed), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_nobody_there), cmocka_unit_test(test_last_words_are_heard))
