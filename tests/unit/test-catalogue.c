/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "daemon/catalogue.h"
#include "wire/verbs.h"

static int put(Catalogue *c, const char *id, uint64_t start, const char *verified, Backup **ret)
{
        _cleanup_message_ Message in = {};
        Message m;

        message_start(&m, VERB_BACKUP);
        message_add(&m, "BACKUP", id);
        message_add(&m, "DEVICE_KEY", "mt6765-0123456789ab");
        message_add_u64(&m, "START", start);
        message_add(&m, "VERIFIED", verified);
        message_add(&m, "NAME", "before \xff");
        message_add_u64(&m, "REQUESTED_BY", 1000);
        assert_int_equal(message_parse(m.text, m.size, &in), 0);
        return catalogue_put(c, &in, ret);
}

static void test_oldest_first(void **state)
{
        Catalogue c = { 0 };
        Backup *b;

        assert_int_equal(put(&c, "b", 20, "", &b), 1);
        assert_string_equal(b->name, "before ?");
        assert_int_equal(b->owner, 1000);
        assert_int_equal(put(&c, "c", 30, "", &b), 1);
        assert_int_equal(put(&c, "a", 10, "", &b), 1);
        assert_int_equal(c.n, 3);
        assert_string_equal(c.backups[0]->id, "a");
        assert_string_equal(c.backups[2]->id, "c");
        /* told again, with news; whoever holds it still holds it */
        assert_ptr_equal(catalogue_find(&c, "a"), b);
        assert_int_equal(put(&c, "a", 10, "ok", &b), 0);
        assert_string_equal(c.backups[0]->verified, "ok");
        assert_ptr_equal(c.backups[0], b);
        b = catalogue_take(&c, "b");
        assert_string_equal(b->id, "b");
        free(b);
        assert_null(catalogue_find(&c, "b"));
        assert_null(catalogue_take(&c, "b"));
        assert_int_equal(c.n, 2);
        catalogue_done(&c);
}

static void test_bad_ids(void **state)
{
        static const char *const bad[] = { "", ".", "../x", "a/b", "a b", ".hidden",
                "0123456789012345678901234567890123456789012345678901234567890123" };
        Catalogue c = { 0 };
        Backup *b;

        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                assert_false(backup_id_valid(bad[i]));
                assert_int_equal(put(&c, bad[i], 1, "", &b), -EBADMSG);
        }
        assert_true(backup_id_valid("20261120T101112Z-00c0ffee"));
        assert_int_equal(c.n, 0);
}

TEST_MAIN(cmocka_unit_test(test_oldest_first), cmocka_unit_test(test_bad_ids))
