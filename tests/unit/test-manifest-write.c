/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "store/manifest.h"

static Manifest *sample(void)
{
        Manifest *m = manifest_new();
        ManifestPart *p;

        assert_non_null(m);
        assert_int_equal(manifest_set_parts(m, 2), 0);
        snprintf(m->id, sizeof m->id, "20261120T141703Z-0badc0de");
        snprintf(m->store_id, sizeof m->store_id, "00112233-4455-4677-8899-aabbccddeeff");
        snprintf(m->device.key, sizeof m->device.key, "mt6765-0123456789ab");
        snprintf(m->device.chip, sizeof m->device.chip, "MT6765");
        m->device.ids.hw_code = 0x766;
        m->device.ids.n_cid = 2;
        m->device.ids.cid[0] = 0x15;
        m->device.storage = STORAGE_EMMC;
        m->device.has_disk_guid = true;
        for (unsigned i = 0; i < 16; i++)
                m->device.disk_guid[i] = (uint8_t)i;
        m->seq = 7;
        m->kind = BACKUP_FULL;
        m->start = m->end = 1795184223;
        m->n_regions = 1;
        m->regions[0] = (ManifestRegion){
                .name = "EMMC_USER", .id = 8, .size = 5 << 20, .coverage = COVERAGE_PART
        };
        p = m->parts;
        *p = (ManifestPart){ .name = "nvram",
                .file = "nvram",
                .region = "EMMC_USER",
                .size = 4 << 20,
                .class = CLASS_IDENTITY,
                .plain = true,
                .reads = 2 };
        p[1] = (ManifestPart){ .name = "userdata",
                .file = "userdata",
                .region = "EMMC_USER",
                .offset = 4 << 20,
                .size = 1 << 20,
                .class = CLASS_USER,
                .status = PART_SKIPPED };
        return m;
}

static json_t *written(const Manifest *m)
{
        _cleanup_free_ char *text = NULL;
        json_t *root;
        size_t size;

        assert_int_equal(manifest_write(m, &text, &size), 0);
        assert_int_equal(strlen(text), size);
        root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        assert_non_null(root);
        return root;
}

static const char *text_at(json_t *root, const char *a, const char *b)
{
        return json_string_value(json_object_get(json_object_get(root, a), b));
}

/* What a reader of the file finds where. */
static void test_keys(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = sample();
        json_t *root = written(m), *parts = json_object_get(root, "parts");
        json_t *nvram = json_array_get(parts, 0), *userdata = json_array_get(parts, 1);

        assert_string_equal(
                json_string_value(json_object_get(root, "format")), "mtkbackup-manifest");
        assert_int_equal(json_integer_value(json_object_get(root, "version")), 1);
        assert_int_equal(json_integer_value(json_object_get(root, "seq")), 7);
        assert_null(json_object_get(root, "parent"));
        assert_string_equal(text_at(root, "device", "hw_code"), "0x0766");
        assert_string_equal(text_at(root, "storage", "cid"), "1500");
        assert_string_equal(
                text_at(root, "ptable", "disk_guid"), "03020100-0504-0706-0809-0a0b0c0d0e0f");
        assert_string_equal(text_at(root, "time", "start"), "2026-11-20T14:17:03Z");
        assert_string_equal(text_at(root, "store", "digest"), "sha256");
        assert_string_equal(text_at(root, "tool", "name"), "mtkbackup");

        assert_string_equal(
                json_string_value(json_object_get(nvram, "index")), "index/nvram.caibx");
        assert_string_equal(json_string_value(json_object_get(nvram, "plain")), "plain/nvram.img");
        assert_int_equal(json_integer_value(json_object_get(nvram, "reads")), 2);
        assert_string_equal(json_string_value(json_object_get(userdata, "status")), "skipped");
        assert_null(json_object_get(userdata, "index"));
        assert_null(json_object_get(userdata, "sha256"));
        json_decref(root);
}

/* Only NAND has pages. */
static void test_pages(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = sample();
        json_t *root = written(m);

        assert_null(json_object_get(json_object_get(root, "storage"), "page_size"));
        json_decref(root);
        m->device.storage = STORAGE_NAND;
        m->device.page_size = 2048;
        m->device.spare_size = 64;
        root = written(m);
        assert_int_equal(
                json_integer_value(json_object_get(json_object_get(root, "storage"), "spare_size")),
                64);
        json_decref(root);
}

static void test_sorted(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = sample();
        _cleanup_free_ char *text = NULL;
        json_t *root = written(m);
        char *again = json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);
        size_t size;

        assert_int_equal(manifest_write(m, &text, &size), 0);
        assert_string_equal(text, again);
        assert_null(strchr(text, '\t'));
        free(again);
        json_decref(root);
}

/* Text that cannot be in JSON, and numbers that do not fit, are an error and not something else. */
static void test_refused(void **state)
{
        _cleanup_(manifest_freep) Manifest *m = sample();
        char *text;
        size_t size;

        snprintf(m->label, sizeof m->label, "\xff\xfe");
        assert_int_equal(manifest_write(m, &text, &size), -EINVAL);
        assert_null(text);
        m->label[0] = 0;
        m->parts[0].size = UINT64_MAX;
        assert_int_equal(manifest_write(m, &text, &size), -EINVAL);
}

TEST_MAIN(cmocka_unit_test(test_keys), cmocka_unit_test(test_pages), cmocka_unit_test(test_sorted),
        cmocka_unit_test(test_refused))
