/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <string.h>

#include "basic/bytes.h"
#include "data.h"
#include "format/identify.h"

/* Every example shows what it is. */
static const struct {
        const char *name;
        FileKind kind;
} examples[] = {
        { "Checksum.ini", FILE_CHECKSUM_INI },
        { "DEMO61_BB.cfg", FILE_FEATURE_CFG },
        { "MT6572_Android_scatter.txt", FILE_SCATTER },
        { "MT6577_Android_scatter_emmc.txt", FILE_SCATTER_LEGACY },
        { "MT6752_Android_scatter.txt", FILE_SCATTER },
        { "MT6893_Android_scatter.txt", FILE_SCATTER },
        { "MT6893_Android_scatter.xml", FILE_SCATTER_XML },
        { "boot1-emmc.bin", FILE_BOOT_AREA },
        { "boot1-ufs.bin", FILE_BOOT_AREA },
        { "console-readback-v5.xml", FILE_CONSOLE_V5 },
        { "console-readback-v6.xml", FILE_CONSOLE_V6 },
        { "ebr1-mt6572.bin", FILE_MBR },
        { "feature-cfg-variants.cfg", FILE_FEATURE_CFG },
        { "feature-demo61-head.bin", FILE_FEATURE_ROM },
        { "feature-phone-download.cfg", FILE_FEATURE_CFG },
        { "feature-phone-dump-wrapped.bin", FILE_FEATURE_ROM },
        { "gpt-emmc-ascii-names.bin", FILE_GPT },
        { "gpt-emmc-p70a-backup.bin", FILE_GPT },
        { "gpt-emmc-p70a-primary.bin", FILE_GPT },
        { "gpt-ufs-4096-backup.bin", FILE_GPT },
        { "gpt-ufs-4096-primary.bin", FILE_GPT },
        { "mbr-mt6572.bin", FILE_MBR },
        { "memory-report.txt", FILE_MEMORY_REPORT },
        { "pmt-v1.bin", FILE_PMT },
        { "pmt-v3.bin", FILE_PMT },
        { "preloader_demo.bin", FILE_PRELOADER },
        { "readback-v6.xml", FILE_READBACK_V6 },
        { "readback_ui_bak-v5-emmc.xml", FILE_READBACK_V5 },
        { "readback_ui_bak-v5-ufs-v2.xml", FILE_READBACK_V5 },
        { "scatter_checksum.xml", FILE_CHECKSUM_XML },
        { "sparse-all-kinds.simg", FILE_SPARSE },
        { "sparse-source.raw", FILE_UNKNOWN },
        { "super-metadata-head.bin", FILE_SUPER },
};

static FileKind identify(const void *data, size_t size)
{
        MemorySource m;
        FileKind kind;

        assert_int_equal(file_identify(memory_source_init(&m, data, size), &kind), 0);
        return kind;
}

static void test_examples(void **state)
{
        for (size_t i = 0; i < ELEMENTS(examples); i++) {
                char name[256];
                size_t size;
                _cleanup_free_ char *data = NULL;
                FileKind kind;

                snprintf(name, sizeof(name), "examples/%s", examples[i].name);
                data = data_read(name, &size);
                kind = identify(data, size);
                if (kind != examples[i].kind)
                        print_message("%s: %s\n", name, file_kind_to_string(kind));
                assert_int_equal(kind, examples[i].kind);
        }
}

static void test_names(void **state)
{
        for (int k = 0; k < _FILE_KIND_MAX; k++) {
                assert_non_null(file_kind_to_string((FileKind)k));
                assert_non_null(file_kind_describe((FileKind)k));
                assert_int_equal(file_kind_from_string(file_kind_to_string((FileKind)k)), k);
        }
}

static void test_small_things(void **state)
{
        static uint8_t data[8192];

        assert_int_equal(identify("", 0), FILE_EMPTY);
        assert_int_equal(identify(data, sizeof(data)), FILE_EMPTY);
        memset(data, 0xFF, sizeof(data));
        assert_int_equal(identify(data, sizeof(data)), FILE_EMPTY);
        assert_int_equal(identify("hello\n", 6), FILE_UNKNOWN);
        assert_int_equal(identify("MTK_DOWNLOAD_AGENT", 18), FILE_DA_CONTAINER);
        assert_int_equal(identify("AVB0\0\0", 6), FILE_VBMETA);
        /* a file that is text but for one byte is no text */
        assert_int_equal(identify("[CheckSum]\n\0\n", 13), FILE_UNKNOWN);
        /* Latin-1 in a comment does no harm */
        assert_int_equal(identify("# caf\xE9\n[CheckSum]\n", 18), FILE_CHECKSUM_INI);
}

static void test_no_file_is_read_whole(void **state)
{
        size_t size = 64 * MiB;
        _cleanup_free_ uint8_t *data = calloc(1, size);
        MemorySource m;
        FileKind kind;

        data[size - 1] = 1;
        assert_int_equal(file_identify(memory_source_init(&m, data, size), &kind), 0);
        assert_true(m.source.bytes_read < 256 * KiB);
}

static void test_every_truncation(void **state)
{
        for (size_t i = 0; i < ELEMENTS(examples); i++) {
                char name[256];
                size_t size;
                _cleanup_free_ char *data = NULL;

                snprintf(name, sizeof(name), "examples/%s", examples[i].name);
                data = data_read(name, &size);
                for (size_t n = 0; n < MIN(size, 1024); n += 3)
                        identify(data, n);
        }
}

TEST_MAIN(cmocka_unit_test(test_examples), cmocka_unit_test(test_names),
        cmocka_unit_test(test_small_things), cmocka_unit_test(test_no_file_is_read_whole),
        cmocka_unit_test(test_every_truncation))
