/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "client/notify/backoff.h"
#include "client/notify/bubble.h"

#define SECOND (UINT64_C(1000) * 1000)

static Content progress(int percent)
{
        Content c = { .icon = "phone", .category = "transfer", .percent = percent, .stays = true };

        snprintf(c.body, sizeof(c.body), "%d %%", percent);
        return c;
}

static Content news(const char *reason, bool final)
{
        Content c = { .icon = "phone", .category = "transfer", .percent = -1, .final = final };

        snprintf(c.body, sizeof(c.body), "%s", reason);
        snprintf(c.reason, sizeof(c.reason), "%s", reason);
        return c;
}

static void want(Bubble *b, Content c)
{
        bubble_want(b, &c);
}

/* Sends what is due and has it answered. */
static void deliver(Bubble *b, uint64_t now, uint32_t id)
{
        assert_true(bubble_due(b) <= now);
        bubble_start(b, now);
        assert_true(bubble_due(b) == BUBBLE_NEVER);
        bubble_sent(b, id);
}

/* The life of a bubble: shown at once, then every two seconds what is newest, the end at once. */
static void test_life(void **state)
{
        uint64_t now = 100 * SECOND;
        Bubble b = {};

        assert_true(bubble_due(&b) == BUBBLE_NEVER);
        want(&b, progress(1));
        assert_true(bubble_due(&b) == 0 && bubble_shows(&b));
        deliver(&b, now, 7);
        assert_int_equal(b.id, 7);
        want(&b, progress(1)); /* nothing new */
        assert_true(bubble_due(&b) == BUBBLE_NEVER);
        for (int i = 2; i < 50; i++)
                want(&b, progress(i));
        assert_true(bubble_due(&b) == now + BUBBLE_INTERVAL_USEC);
        now = bubble_due(&b);
        assert_int_equal(b.want.percent, 49);
        deliver(&b, now, 7);
        want(&b, news("done", true));
        assert_true(bubble_due(&b) == 0);
        assert_false(bubble_is_over(&b));
        deliver(&b, now, 7);
        assert_false(bubble_is_over(&b)); /* it is to be seen */
        bubble_closed(&b);
        assert_true(bubble_is_over(&b));
}

/* however often something is new, on a clock that a test moves */
static void test_rate(void **state)
{
        Bubble b = {};
        uint64_t now = 5 * SECOND, began = now;
        unsigned sent = 0;

        for (int i = 0; i < 10000; i++, now += SECOND / 100) {
                want(&b,
                        i % 500 == 0 ? news(i % 1000 ? "do this" : "do that", false)
                                     : progress(i % 101));
                if (bubble_due(&b) > now)
                        continue;
                deliver(&b, now, 1);
                sent++;
        }
        assert_in_range(sent, 40, (now - began) / BUBBLE_INTERVAL_USEC + 2);
        /* ends that change are no way around it */
        for (int i = 0; i < 1000; i++, now += SECOND / 100) {
                want(&b, news(i % 2 ? "failed" : "Failed", true));
                if (bubble_due(&b) > now)
                        continue;
                deliver(&b, now, 1);
                sent++;
        }
        assert_in_range(sent, 45, (now - began) / BUBBLE_INTERVAL_USEC + 2);
}

static void test_slow_server(void **state)
{
        Bubble b = {};

        want(&b, progress(1));
        bubble_start(&b, 0);
        for (int i = 2; i < 50; i++) {
                want(&b, progress(i));
                assert_true(bubble_due(&b) == BUBBLE_NEVER); /* one call, not fifty */
        }
        bubble_failed(&b);
        assert_true(bubble_due(&b) == BUBBLE_INTERVAL_USEC); /* what is newest */
        /* a failure does not lose what is not new any more */
        bubble_start(&b, BUBBLE_INTERVAL_USEC);
        bubble_failed(&b);
        assert_true(bubble_due(&b) != BUBBLE_NEVER);
}

static void test_closed(void **state)
{
        Bubble b = {};

        want(&b, progress(1));
        deliver(&b, 0, 3);
        bubble_closed(&b);
        assert_int_equal(b.id, 0);
        want(&b, progress(2));
        assert_true(bubble_due(&b) == BUBBLE_NEVER);
        want(&b, news("unplug it", false));
        assert_true(bubble_due(&b) == BUBBLE_INTERVAL_USEC);
        deliver(&b, BUBBLE_INTERVAL_USEC, 4);
        bubble_closed(&b);
        want(&b, progress(3));
        want(&b, news("unplug it", false)); /* the same again */
        assert_true(bubble_due(&b) == BUBBLE_NEVER);
        want(&b, news("plug it in", false));
        assert_true(bubble_due(&b) != BUBBLE_NEVER);
        /* what is closed is what was shown, not what waits to be shown */
        want(&b, progress(4));
        Bubble c = {};
        want(&c, progress(1));
        deliver(&c, 0, 5);
        want(&c, news("failed", true));
        bubble_closed(&c);
        assert_true(bubble_due(&c) == 0);
        deliver(&c, 0, 6);
        bubble_closed(&c);
        assert_true(bubble_is_over(&c));
}

/* closed by the person while an update is on its way, which opens it again */
static void test_closed_meanwhile(void **state)
{
        Bubble b = {};

        want(&b, progress(1));
        deliver(&b, 0, 3);
        want(&b, progress(2));
        bubble_start(&b, BUBBLE_INTERVAL_USEC);
        bubble_closed(&b);
        bubble_sent(&b, 3);
        assert_true(bubble_due(&b) == 0 && !bubble_shows(&b)); /* to be closed */
        bubble_start(&b, BUBBLE_INTERVAL_USEC);
        bubble_sent(&b, 0);
        want(&b, progress(3));
        assert_true(bubble_due(&b) == BUBBLE_NEVER);
        /* the end stays, though */
        want(&b, news("done", true));
        bubble_start(&b, BUBBLE_INTERVAL_USEC);
        bubble_closed(&b);
        bubble_sent(&b, 9);
        assert_true(bubble_due(&b) == BUBBLE_NEVER && b.id == 9);
}

static void test_pressed(void **state)
{
        Bubble b = {};

        want(&b, progress(1));
        deliver(&b, 0, 3);
        bubble_hurry(&b);
        bubble_closed(&b); /* most servers close what was pressed */
        assert_true(bubble_due(&b) == 0 && bubble_shows(&b));
        deliver(&b, 1, 4);
        assert_true(bubble_due(&b) == BUBBLE_NEVER && b.id == 4);
}

static void test_another_server(void **state)
{
        Bubble going = {}, ended = {}, untold = {}, closed = {};

        want(&going, progress(1));
        deliver(&going, 0, 3);
        want(&ended, news("done", true));
        deliver(&ended, 0, 4);
        want(&untold, news("done", true));
        bubble_start(&untold, 0);
        want(&closed, progress(1));
        deliver(&closed, 0, 6);
        bubble_closed(&closed);
        Bubble *all[] = { &going, &ended, &untold, &closed };
        for (size_t i = 0; i < ELEMENTS(all); i++) {
                bubble_forget(all[i]);
                assert_int_equal(all[i]->id, 0);
        }
        assert_true(bubble_due(&going) != BUBBLE_NEVER);
        assert_true(bubble_due(&ended) == BUBBLE_NEVER && bubble_is_over(&ended));
        assert_true(bubble_due(&untold) == 0);
        assert_true(bubble_due(&closed) == BUBBLE_NEVER);
}

static void test_hidden(void **state)
{
        Bubble b = {};

        want(&b, progress(1));
        bubble_unwant(&b); /* nobody has seen it */
        assert_true(bubble_due(&b) == BUBBLE_NEVER);
        want(&b, progress(1));
        deliver(&b, 0, 3);
        bubble_unwant(&b);
        assert_true(bubble_due(&b) == 0 && !bubble_shows(&b));
        bubble_start(&b, 0);
        bubble_sent(&b, 0);
        assert_true(bubble_due(&b) == BUBBLE_NEVER);
        assert_false(bubble_is_over(&b));
        want(&b, progress(1)); /* to be seen again */
        assert_true(bubble_due(&b) != BUBBLE_NEVER);
}

static void test_backoff(void **state)
{
        Backoff b = {};
        uint64_t before = 0;

        assert_true(backoff_next(&b) == SECOND);
        for (int i = 0; i < 100; i++) {
                uint64_t wait = backoff_next(&b);
                assert_true(wait >= before && wait <= 60 * SECOND);
                before = wait;
        }
        assert_true(before == 60 * SECOND);
        backoff_reset(&b);
        assert_true(backoff_next(&b) == SECOND);
}

TEST_MAIN(cmocka_unit_test(test_life), cmocka_unit_test(test_rate),
        cmocka_unit_test(test_slow_server), cmocka_unit_test(test_closed),
        cmocka_unit_test(test_closed_meanwhile), cmocka_unit_test(test_pressed),
        cmocka_unit_test(test_another_server), cmocka_unit_test(test_hidden),
        cmocka_unit_test(test_backoff))
