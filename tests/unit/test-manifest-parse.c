/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "store/manifest.h"

#define SHA "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""

static const char part_text[] =
        "{\"name\":\"nvram\",\"file\":\"nvram\",\"region\":\"EMMC_USER\",\"offset\":0,"
        "\"size\":1048576,\"class\":\"device-identity\",\"status\":\"ok\",\"sha256\":" SHA ","
        "\"index\":\"index/nvram.caibx\",\"index_sha256\":" SHA ",\"plain\":\"plain/nvram.img\","
        "\"reads\":2,\"zero_bytes\":0,\"bad\":[]}";

/* a manifest with these parts, small enough to be read here */
static json_t *manifest_of(const char *parts)
{
        _cleanup_free_ char *text = NULL;
        json_error_t error;
        json_t *root;

        assert_true(
                asprintf(&text,
                        "{\"format\":\"mtkbackup-manifest\",\"version\":1,"
                        "\"id\":\"20261120T141703Z-0badc0de\",\"seq\":3,\"kind\":\"full\","
                        "\"result\":\"complete\",\"future\":{\"key\":[1,2]},"
                        "\"device\":{\"key\":\"mt6765-0123456789ab\",\"chip\":\"MT6765\"},"
                        "\"storage\":{\"type\":\"emmc\",\"block_size\":512,\"regions\":["
                        "{\"name\":\"EMMC_BOOT1\",\"id\":1,\"size\":4194304,\"coverage\":\"none\"},"
                        "{\"name\":\"EMMC_USER\",\"id\":8,\"size\":1048576,\"coverage\":\"all\"}]},"
                        "\"store\":{\"id\":\"00112233-4455-4677-8899-aabbccddeeff\"},"
                        "\"parts\":[%s],\"checks\":[{\"name\":\"gpt\",\"result\":\"pass\"}],"
                        "\"profile\":{\"name\":\"full\"},"
                        "\"time\":{\"start\":\"2026-11-20T14:17:03Z\",\"end\":\"2026-11-20T14:18:"
                        "03Z\"},"
                        "\"totals\":{\"bytes_read\":5}}",
                        parts) > 0);
        root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        assert_non_null(root);
        return root;
}

static int parse(json_t *root, Manifest **ret, char why[MANIFEST_TEXT_MAX])
{
        char *text = json_dumps(root, 0);
        int r = manifest_parse(text, strlen(text), ret, why);

        free(text);
        return r;
}

/* What stands in the file is found in the struct; unknown keys do no harm. */
static void test_read(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = NULL;
        json_t *root = manifest_of(part_text);
        char why[MANIFEST_TEXT_MAX];

        assert_int_equal(parse(root, &m, why), 0);
        assert_string_equal(m->id, "20261120T141703Z-0badc0de");
        assert_int_equal(m->seq, 3);
        assert_int_equal(m->kind, BACKUP_FULL);
        assert_string_equal(m->device.chip, "MT6765");
        assert_string_equal(m->profile, "full");
        assert_int_equal(m->end - m->start, 60);
        assert_int_equal(m->n_regions, 2);
        assert_int_equal(m->n_parts, 1);
        assert_true(m->parts[0].plain);
        assert_int_equal(m->parts[0].sha256[1], 0x11);
        assert_int_equal(m->n_checks, 1);
        json_decref(root);
}

/* One thing wrong at a time: path of the value, and what it becomes. */
static void test_wrong_values(void **state)
{
        static const struct {
                const char *path[3];
                const char *value; /* JSON; NULL removes the key */
        } wrong[] = {
                { { "format" }, "\"other\"" },
                { { "format" }, NULL },
                { { "version" }, "2" },
                { { "version" }, "\"1\"" },
                { { "id" }, "\"../../etc\"" },
                { { "id" }, "5" },
                { { "parent" }, "\"x\"" },
                { { "seq" }, "-1" },
                { { "seq" }, "1.5" },
                { { "seq" }, NULL },
                { { "kind" }, "\"half\"" },
                { { "result" }, "true" },
                { { "device" }, NULL },
                { { "device", "key" }, "\"../x\"" },
                { { "storage" }, "[]" },
                { { "storage", "regions" }, "{}" },
                { { "storage", "type" }, "7" },
                { { "store" }, NULL },
                { { "time", "start" }, "\"yesterday\"" },
                { { "time" }, NULL },
                { { "totals" }, NULL },
                { { "checks" }, "{}" },
                { { "parts" }, "{}" },
                { { "label" }, "\"a\\u0000b\"" },
                { { "requested_by" }, "4294967296" },
        };

        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                json_t *root = manifest_of(part_text), *at = root;
                char why[MANIFEST_TEXT_MAX];
                Manifest *m = NULL;
                size_t k = 0;

                for (; k + 1 < ELEMENTS(wrong[i].path) && wrong[i].path[k + 1]; k++)
                        at = json_object_get(at, wrong[i].path[k]);
                if (wrong[i].value)
                        json_object_set_new(at, wrong[i].path[k],
                                json_loads(wrong[i].value, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
                else
                        json_object_del(at, wrong[i].path[k]);
                assert_int_equal(parse(root, &m, why), -EBADMSG);
                assert_true(why[0]);
                json_decref(root);
        }
}

static void test_wrong_parts(void **state)
{
        static const struct {
                const char *key, *value;
        } wrong[] = {
                { "file", "\"../nvram\"" },
                { "file", "\"\"" },
                { "file", "\"other\"" },
                { "region", "\"MOON\"" },
                { "region", "\"EMMC_BOOT1\"" },
                { "offset", "1" },
                { "offset", "-1" },
                { "size", "0" },
                { "size", "1048577" },
                { "size", "9223372036854775807" },
                { "size", "1048575" },
                { "class", "\"fine\"" },
                { "status", "\"fine\"" },
                { "status", "\"bad-ranges\"" },
                { "sha256", "\"abc\"" },
                { "sha256", NULL },
                { "sha256",
                        "\"00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\"" },
                { "index", "\"/etc/passwd\"" },
                { "index", NULL },
                { "index_sha256", "7" },
                { "plain", "\"plain/../x.img\"" },
                { "zero_bytes", "1048577" },
                { "bad", "{}" },
                { "bad", "[{\"offset\":0,\"size\":1}]" },
        };

        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                json_t *root = manifest_of(part_text);
                json_t *part = json_array_get(json_object_get(root, "parts"), 0);
                char why[MANIFEST_TEXT_MAX];
                Manifest *m = NULL;

                if (wrong[i].value)
                        json_object_set_new(part, wrong[i].key,
                                json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
                else
                        json_object_del(part, wrong[i].key);
                if (parse(root, &m, why) != -EBADMSG)
                        fail_msg("%s = %s was taken", wrong[i].key, wrong[i].value);
                json_decref(root);
        }
}

static void test_bad_ranges(void **state)
{
        static const struct {
                const char *list;
                int want;
        } lists[] = {
                { "[{\"offset\":0,\"size\":512},{\"offset\":512,\"size\":1}]", 0 },
                { "[{\"offset\":512,\"size\":512,\"tries\":3,\"error\":\"no\"}]", 0 },
                { "[{\"offset\":512,\"size\":512},{\"offset\":1023,\"size\":1}]", -EBADMSG },
                { "[{\"offset\":1048576,\"size\":1}]", -EBADMSG },
                { "[{\"offset\":9223372036854775807,\"size\":9223372036854775807}]", -EBADMSG },
                { "[{\"offset\":0,\"size\":0}]", -EBADMSG },
                { "[7]", -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTS(lists); i++) {
                _cleanup_(manifest_freep) Manifest *m = NULL;
                json_t *root = manifest_of(part_text);
                json_t *part = json_array_get(json_object_get(root, "parts"), 0);
                char why[MANIFEST_TEXT_MAX];

                json_object_set_new(part, "status", json_string("bad-ranges"));
                json_object_set_new(part, "bad", json_loads(lists[i].list, 0, NULL));
                assert_int_equal(parse(root, &m, why), lists[i].want);
                json_decref(root);
        }
}

static void test_two_of_a_name(void **state)
{
        char two[2 * sizeof part_text], why[MANIFEST_TEXT_MAX];
        Manifest *m = NULL;
        json_t *root, *parts;

        snprintf(two, sizeof two, "%s,%s", part_text, part_text);
        root = manifest_of(two);
        parts = json_object_get(root, "parts");
        json_object_set_new(json_array_get(parts, 0), "size", json_integer(524288));
        json_object_set_new(json_array_get(parts, 1), "offset", json_integer(524288));
        json_object_set_new(json_array_get(parts, 1), "size", json_integer(524288));
        assert_int_equal(parse(root, &m, why), -EBADMSG);
        assert_string_equal(why, "two parts have the same file");
        json_decref(root);
}

static void test_no_json(void **state)
{
        static const char *const bad[] = { "", "{", "[]", "null", "{\"a\":1,\"a\":2}",
                "{\"format\":\"mtkbackup-manifest\",\"version\":1e400}", "\xff" };
        char why[MANIFEST_TEXT_MAX];
        Manifest *m = NULL;

        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_int_equal(manifest_parse(bad[i], strlen(bad[i]), &m, why), -EBADMSG);
        assert_int_equal(manifest_parse("", MANIFEST_SIZE_MAX + 1, &m, why), -EBADMSG);
}

/* What is written is read. */
static void test_written(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = NULL, *again = NULL;
        json_t *root = manifest_of(part_text);
        _cleanup_free_ char *text = NULL;
        char why[MANIFEST_TEXT_MAX];
        size_t size;

        assert_int_equal(parse(root, &m, why), 0);
        assert_int_equal(manifest_write(m, &text, &size), 0);
        assert_int_equal(manifest_parse(text, size, &again, why), 0);
        assert_memory_equal(
                m->parts, again->parts, offsetof(ManifestPart, bad)); /* the list is another one */
        json_decref(root);
}

TEST_MAIN(cmocka_unit_test(test_read), cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_wrong_parts), cmocka_unit_test(test_bad_ranges),
        cmocka_unit_test(test_two_of_a_name), cmocka_unit_test(test_no_json),
        cmocka_unit_test(test_written))
