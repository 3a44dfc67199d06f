/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "../unit/test.h"

#include <errno.h>
#include <string.h>

#include "phone.h"

/* Every family times every fault: what is read is right or the read fails by name; nothing hangs, and
 * no wrong byte passes where the protocol has a way to notice. */

enum Family { LEGACY = 1, XFLASH = 2, XML = 4, FRAMED = XFLASH | XML, ALL = 7 };

typedef struct Subject {
        const char *chip;
        unsigned family;
        bool ufs;
} Subject;

static const Subject subjects[] = {
        { "mt6735", LEGACY, false },
        { "mt6572", LEGACY, false },
        { "mt6577", LEGACY, false },
        { "mt6765", XFLASH, false },
        { "mt6893", XFLASH, true },
        { "mt6781", XML, false },
        { "mt6895", XML, true },
};

typedef enum Outcome {
        SAME,    /* nothing is noticed: all bytes are right */
        GONE,    /* DeviceGone */
        BROKEN,  /* ProtocolViolation, the session is lost */
        REFUSED, /* DeviceRefused, the session goes on */
} Outcome;

typedef struct Fault {
        const char *fault;
        unsigned families;
        Outcome outcome;
} Fault;

/* While data are read; the session stands. */
static const Fault reading[] = {
        { "unplug@chunk#6", ALL, GONE },
        { "unplug@5000000", ALL, GONE },
        { "reboot@chunk#6", ALL, GONE },
        { "lose@5000000=100", ALL, BROKEN },
        { "short@5000000=100", ALL, SAME },
        { "zlp@5000000", ALL, SAME },
        { "slow@chunk#6=500", ALL, SAME },
        { "hang@chunk#6=200", ALL, SAME },
        { "hang@chunk#6", ALL, BROKEN },
        { "garbage@chunk#6=1", FRAMED, BROKEN },
        { "magic@chunk#6", FRAMED, BROKEN },
        { "length@chunk#6=0x7fffffff", FRAMED, BROKEN },
        { "length@chunk#6=0", FRAMED, BROKEN },
        /* with a sum under every packet a wrong bit is read again */
        { "flip@5000000", LEGACY, SAME },
        { "checksum@chunk#6", LEGACY, SAME },
        /* the storage cannot read one place */
        { "storage@5000000", ALL, REFUSED },
};

static void wrong(const Phone *p, const Fault *fault, const char *what, const Failure *f)
{
        _cleanup_free_ char *log = phone_log(p);
        size_t n = strlen(log);

        fail_msg("%s, %s: %s (%s: %s)\n…%s", p->chip, fault->fault, what,
                error_to_string(f->id) ?: "none", f->text, log + (n > 4000 ? n - 4000 : 0));
}

static void check_outcome(Phone *p, const Fault *fault, int r, const Failure *f)
{
        switch (fault->outcome) {
        case SAME:
                if (r < 0)
                        wrong(p, fault, "failed", f);
                break;
        case GONE:
                if (r != -ENODEV || f->id != ERROR_DEVICE_GONE || !p->session->lost)
                        wrong(p, fault, "is not gone", f);
                break;
        case BROKEN:
                if (r >= 0 || f->id != ERROR_PROTOCOL_VIOLATION || !p->session->lost)
                        wrong(p, fault, "is not lost", f);
                break;
        case REFUSED:
                if (r >= 0 || f->id == ERROR_PROTOCOL_VIOLATION || p->session->lost)
                        wrong(p, fault, "is not refused", f);
                break;
        }
}

static void try(const Subject *subject, const Fault *fault)
{
        _cleanup_(phone_freep) Phone *p = phone_new(subject->chip);
        char word[128];
        Failure f = {};
        int r;

        p->ufs = subject->ufs;
        p->user_size = "16M";
        p->boot_size = "1M";
        p->lenient = true;
        snprintf(word, sizeof word, "fault=%s", fault->fault);
        phone_set(p, word);
        phone_ready(p);
        if (fault->outcome == BROKEN)
                p->patience_ms = 300; /* it will not get better */
        r = phone_compare(p, REGION_USER, &f);
        if (r == -EBADMSG && f.id == ERROR_NONE)
                wrong(p, fault, "gave wrong data", &f);
        check_outcome(p, fault, r, &f);
        if (fault->outcome == REFUSED || fault->outcome == SAME) {
                f = (Failure){};
                if (phone_compare_range(p, REGION_BOOT1, 0, 65536, NULL, &f) < 0)
                        wrong(p, fault, "is out of step afterwards", &f);
        }
}

static void try_all(unsigned family)
{
        for (size_t s = 0; s < ELEMENTS(subjects); s++)
                for (size_t i = 0; i < ELEMENTS(reading); i++)
                        if (subjects[s].family & family && reading[i].families & family)
                                try(&subjects[s], &reading[i]);
}

static void test_legacy(void **state)
{
        try_all(LEGACY);
}
static void test_xflash(void **state)
{
        try_all(XFLASH);
}
static void test_xml(void **state)
{
        try_all(XML);
}

/* On the way to the command loop: whatever happens has a name and an end. */
static void test_start(void **state)
{
        static const char *const faults[] = { "unplug@handshake", "unplug@agent-data",
                "unplug@stage1", "unplug@stage2", "reboot@stage2", "hang@stage1", "hang@stage2",
                "checksum@agent-data", "garbage@stage2=3" };

        for (size_t s = 0; s < ELEMENTS(subjects); s++)
                for (size_t i = 0; i < ELEMENTS(faults); i++) {
                        _cleanup_(phone_freep) Phone *p = phone_new(subjects[s].chip);
                        const Fault fault = { .fault = faults[i] };
                        char word[128];
                        Failure f = {};
                        int r;

                        p->ufs = subjects[s].ufs;
                        p->user_size = "16M";
                        if (strstr(faults[i], "hang") || strstr(faults[i], "garbage"))
                                p->patience_ms = 400;
                        p->lenient = true;
                        snprintf(word, sizeof word, "fault=%s", faults[i]);
                        phone_set(p, word);
                        phone_power_on(p);
                        r = phone_identify(p, &f);
                        if (r >= 0)
                                r = phone_start(p, &f);
                        if (subjects[s].family == LEGACY && strstr(faults[i], "stage2") &&
                                !strcmp(subjects[s].chip, "mt6577")) {
                                if (r < 0)
                                        wrong(p, &fault, "has no second stage", &f);
                                continue;
                        }
                        if (r >= 0)
                                wrong(p, &fault, "went well", &f);
                        if (f.id == ERROR_NONE)
                                wrong(p, &fault, "has no name", &f);
                        if (strstr(faults[i], "unplug") && f.id != ERROR_DEVICE_GONE &&
                                f.id != ERROR_AUTH_REQUIRED)
                                wrong(p, &fault, "is not gone", &f);
                }
}

TEST_MAIN(cmocka_unit_test(test_legacy), cmocka_unit_test(test_xflash), cmocka_unit_test(test_xml),
        cmocka_unit_test(test_start))
