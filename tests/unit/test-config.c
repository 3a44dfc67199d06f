/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/config.h"
#include "folder.h"

static int parse(const char *text, Config *c, Failure *f)
{
        *f = (Failure){ 0 };
        return config_parse("mtkbackupd.yaml", text, strlen(text), c, f);
}

static void test_whole_file(void **state)
{
        _cleanup_(config_done) Config c = { 0 };
        Failure f;

        assert_int_equal(parse("# ours\nstore: /srv/phones\ncage: optional\n", &c, &f), 0);
        assert_string_equal(c.store, "/srv/phones");
        assert_true(c.cage_optional);
        assert_string_equal(c.chips[0], "");
        config_done(&c);
        assert_int_equal(parse("chips: [0xabc=MT6765, 0xABD=mt6735]\n", &c, &f), 0);
        assert_string_equal(c.chips[1], "0xABD=mt6735");
        assert_string_equal(c.chips[2], "");
}

static void test_defaults(void **state)
{
        static const char *const texts[] = { "", "# nothing\n", "cage: required\n" };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_(config_done) Config c = { .cage_optional = true };
                Failure f;

                assert_int_equal(parse(texts[i], &c, &f), 0);
                assert_null(c.store);
                assert_false(c.cage_optional);
        }
}

/* Each says where and what was expected, and leaves the old configuration alone. */
static void test_mistakes(void **state)
{
        static const struct {
                const char *text, *said;
        } mistakes[] = {
                { "stores: /srv\n", "mtkbackupd.yaml:1:1: stores" },
                { "store: srv\n", "mtkbackupd.yaml:1:8: store: expected an absolute path" },
                { "store: [a]\n", "mtkbackupd.yaml:1:8: store" },
                { "cage: no\n", "mtkbackupd.yaml:1:7: cage: expected" },
                { "chips: 0x1234=MT6765\n", "mtkbackupd.yaml:1:8: chips" },
                { "chips: [1234]\n", "mtkbackupd.yaml:1:9: chips" },
                { "chips: [0x1234=MT1]\n", "mtkbackupd.yaml:1:9: chips" },
                { "chips: [0x766=MT6735]\n", "mtkbackupd.yaml:1:9: chips" },
                { "store: /a\nstore: /b\n", "mtkbackupd.yaml:2:1: store" },
                { "- a\n", "mtkbackupd.yaml:1:1: " },
                { "store: 'x\n", "mtkbackupd.yaml:" },
        };
        char path[] = "/old";
        Config c = { .store = path };
        Failure f;

        for (size_t i = 0; i < ELEMENTS(mistakes); i++) {
                assert_int_equal(parse(mistakes[i].text, &c, &f), -EINVAL);
                assert_int_equal(f.id, ERROR_INVALID_FILE);
                if (!strstr(f.text, mistakes[i].said))
                        fail_msg("\"%s\": %s", mistakes[i].text, f.text);
                assert_ptr_equal(c.store, path);
        }
}

static void test_files(void **state)
{
        _cleanup_(config_done) Config c = { 0 };
        Failure f = { 0 };
        char path[128];
        Folder folder;

        folder_make(&folder);
        snprintf(path, sizeof path, "%s/c.yaml", folder.path);
        assert_int_equal(config_load(path, &c, &f), 0);
        assert_null(c.store);
        folder_write(&folder, "c.yaml", "store: /x\n");
        assert_int_equal(config_load(path, &c, &f), 0);
        assert_string_equal(c.store, "/x");
        assert_int_equal(unlinkat(folder.fd, "c.yaml", 0), 0);
        assert_int_equal(mkdirat(folder.fd, "c.yaml", 0700), 0);
        assert_true(config_load(path, &c, &f) < 0);
        assert_int_equal(f.id, ERROR_INVALID_FILE);
        folder_remove(&folder);
}

TEST_MAIN(cmocka_unit_test(test_whole_file), cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_files))
