/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../unit/test.h"

#include "basic/clock.h"
#include "phone.h"

/* Packet borders carry no meaning: however a phone cuts what it says, and wherever zero-length packets
 * come in between, the same phone comes out. */

typedef struct Subject {
        const char *name;
        bool ufs;
} Subject;

static const Subject chips[] = {
        { "mt6577", false },
        { "mt6572", false },
        { "mt6735", false },
        { "mt8127", false },
        { "mt6765", false },
        { "mt6785-ufs", true },
        { "mt6781", false },
        { "mt6895", true },
        { "mt6895-brom", true },
};

static void whole_phone(const Subject *chip, const char *const *words)
{
        _cleanup_(phone_freep) Phone *p = phone_new(chip->name);

        p->ufs = chip->ufs;
        p->user_size = "16M";
        p->boot_size = "1M";
        for (; *words; words++)
                phone_set(p, *words);
        phone_ready(p);
        phone_compare_all(p);
        if (!phone_stop(p)) {
                _cleanup_free_ char *log = phone_log(p);

                fail_msg("%s, %s: breach\n%s", chip->name, p->words[0], log);
        }
}

static void each(const char *const *words)
{
        for (size_t i = 0; i < ELEMENTS(chips); i++)
                whole_phone(&chips[i], words);
}

static void test_random_borders(void **state)
{
        static const char *const seeds[] = { "split=1", "split=4711", "split=0xdeadbeef" };

        for (size_t i = 0; i < ELEMENTS(seeds); i++)
                each((const char *const[]){ seeds[i], NULL });
}

/* Another one each time; the message says which. */
static void test_any_borders(void **state)
{
        char seed[32];

        snprintf(seed, sizeof seed, "split=%u", (unsigned)clock_usec() % 1000000 + 1);
        each((const char *const[]){ seed, NULL });
}

static void test_empty_packets(void **state)
{
        each((const char *const[]){ "zlps=17", NULL });
        each((const char *const[]){ "zlps=3", "split=8", NULL });
}

static void test_small_answers(void **state)
{
        each((const char *const[]){ "packets=bytes", NULL });
        each((const char *const[]){ "packets=pairs", NULL });
}

TEST_MAIN(cmocka_unit_test(test_random_borders), cmocka_unit_test(test_any_borders),
        cmocka_unit_test(test_empty_packets), cmocka_unit_test(test_small_answers))
