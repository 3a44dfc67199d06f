/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/identify.h"

#include <ctype.h>
#include <errno.h>

#include "basic/bytes.h"
#include "basic/table.h"
#include "format/filesystem.h"
#include "format/gfh.h"
#include "format/mtk-image.h"
#include "format/sparse.h"

static const char *const kind_names[_FILE_KIND_MAX] = {
        [FILE_UNKNOWN] = "unknown",
        [FILE_EMPTY] = "empty",
        [FILE_SPARSE] = "sparse",
        [FILE_DA_CONTAINER] = "da-container",
        [FILE_BOOT_IMAGE] = "boot-image",
        [FILE_VENDOR_BOOT_IMAGE] = "vendor-boot-image",
        [FILE_VBMETA] = "vbmeta",
        [FILE_DTBO] = "dtbo",
        [FILE_MTK_IMAGE] = "mtk-image",
        [FILE_FEATURE_ROM] = "feature-rom",
        [FILE_BOOT_AREA] = "boot-area",
        [FILE_PRELOADER] = "preloader",
        [FILE_LOADER] = "loader",
        [FILE_SUPER] = "super",
        [FILE_FILESYSTEM] = "filesystem",
        [FILE_GPT] = "gpt",
        [FILE_PMT] = "pmt",
        [FILE_MBR] = "mbr",
        [FILE_SCATTER] = "scatter",
        [FILE_SCATTER_LEGACY] = "scatter-legacy",
        [FILE_SCATTER_XML] = "scatter-xml",
        [FILE_READBACK_V5] = "readback-v5",
        [FILE_READBACK_V6] = "readback-v6",
        [FILE_CONSOLE_V5] = "console-v5",
        [FILE_CONSOLE_V6] = "console-v6",
        [FILE_CHECKSUM_INI] = "checksum-ini",
        [FILE_CHECKSUM_XML] = "checksum-xml",
        [FILE_MEMORY_REPORT] = "memory-report",
        [FILE_FEATURE_CFG] = "feature-cfg",
};
DEFINE_TABLE(file_kind, FileKind, kind_names)

static const char *const descriptions[_FILE_KIND_MAX] = {
        [FILE_UNKNOWN] = "nothing known",
        [FILE_EMPTY] = "nothing written",
        [FILE_SPARSE] = "Android sparse image",
        [FILE_DA_CONTAINER] = "MediaTek download agent",
        [FILE_BOOT_IMAGE] = "Android boot image",
        [FILE_VENDOR_BOOT_IMAGE] = "Android vendor boot image",
        [FILE_VBMETA] = "Android verified boot data",
        [FILE_DTBO] = "device tree table",
        [FILE_MTK_IMAGE] = "image with MediaTek header",
        [FILE_FEATURE_ROM] = "flash of a feature phone",
        [FILE_BOOT_AREA] = "boot area with preloader",
        [FILE_PRELOADER] = "preloader",
        [FILE_LOADER] = "loader file",
        [FILE_SUPER] = "super partition",
        [FILE_FILESYSTEM] = "file system",
        [FILE_GPT] = "GUID partition table",
        [FILE_PMT] = "MediaTek partition table (PMT)",
        [FILE_MBR] = "partition table (MBR)",
        [FILE_SCATTER] = "scatter file",
        [FILE_SCATTER_LEGACY] = "legacy scatter file",
        [FILE_SCATTER_XML] = "scatter file in XML",
        [FILE_READBACK_V5] = "readback list of SP Flash Tool 5",
        [FILE_READBACK_V6] = "readback list of SP Flash Tool 6",
        [FILE_CONSOLE_V5] = "console configuration of SP Flash Tool 5",
        [FILE_CONSOLE_V6] = "console configuration of SP Flash Tool 6",
        [FILE_CHECKSUM_INI] = "Checksum.ini of SP Flash Tool 5",
        [FILE_CHECKSUM_XML] = "checksum list of SP Flash Tool 6",
        [FILE_MEMORY_REPORT] = "memory detection report",
        [FILE_FEATURE_CFG] = "download list of a feature phone",
};

const char *file_kind_describe(FileKind kind)
{
        return table_name(descriptions, ELEMENTS(descriptions), (int)kind);
}

enum { HEAD = 64 * 1024 };

/* What a probe has to look at: the file's first bytes, zeros behind its end. */
typedef struct Head {
        Source *source;
        const uint8_t *data; /* HEAD bytes */
        size_t size;         /* of them that are the file's */
} Head;

/* something that always stands at the same place */
static const struct {
        uint32_t at, length;
        const char *bytes;
        FileKind kind;
} magics[] = {
        { 0, 4, "\x3A\xFF\x26\xED", FILE_SPARSE },
        { 0, 18, "MTK_DOWNLOAD_AGENT", FILE_DA_CONTAINER },
        { 0, 8, "ANDROID!", FILE_BOOT_IMAGE },
        { 0, 8, "VNDRBOOT", FILE_VENDOR_BOOT_IMAGE },
        { 0, 4, "AVB0", FILE_VBMETA },
        { 0, 4, "\xD7\xB7\xAB\x1E", FILE_DTBO },
        { 0, 4, "\x88\x16\x88\x58", FILE_MTK_IMAGE },
        { 0, 8, "SF_BOOT\0", FILE_FEATURE_ROM },
        { 0, 10, "EMMC_BOOT\0", FILE_BOOT_AREA },
        { 0, 9, "UFS_BOOT\0", FILE_BOOT_AREA },
        { 0, 11, "SDMMC_BOOT\0", FILE_BOOT_AREA },
        { 0, 11, "COMBO_BOOT\0", FILE_BOOT_AREA },
        { 4096, 4, "gDla", FILE_SUPER },
        { 8192, 4, "gDla", FILE_SUPER },
        { 512, 8, "EFI PART", FILE_GPT },
        { 4096, 8, "EFI PART", FILE_GPT },
        { 0, 4, "1vTP", FILE_PMT },
        { 0, 4, "1TPM", FILE_PMT },
        { 0, 4, "3vTP", FILE_PMT },
        { 0, 4, "3TPM", FILE_PMT },
};

static int probe_magic(const Head *h, FileKind *ret)
{
        for (size_t i = 0; i < ELEMENTS(magics); i++)
                if (memcmp(h->data + magics[i].at, magics[i].bytes, magics[i].length) == 0) {
                        *ret = magics[i].kind;
                        return 0;
                }
        return 0;
}

static int probe_loader(const Head *h, FileKind *ret)
{
        GfhFile f;
        int r = gfh_read(h->source, 0, &f);

        if (r == 0 || r == -EBADMSG)
                *ret = f.file_type == GFH_TYPE_ARM_BL ? FILE_PRELOADER : FILE_LOADER;
        return r == -ENOENT || r == -EBADMSG ? 0 : r;
}

static int probe_filesystem(const Head *h, FileKind *ret)
{
        Filesystem f;
        int r = filesystem_identify(h->source, 0, &f);

        if (r == 0 && f.kind != FILESYSTEM_NONE)
                *ret = FILE_FILESYSTEM;
        return r;
}

/* A table whose first copy is gone, or the file of its last sectors: the header is in the last one. */
static int probe_backup_gpt(const Head *h, FileKind *ret)
{
        static const uint32_t sectors[] = { 512, 4096 };
        uint8_t magic[8];
        int r;

        for (size_t i = 0; i < ELEMENTS(sectors); i++) {
                if (h->source->size < sectors[i] || h->source->size % sectors[i] != 0)
                        continue;
                r = source_read(h->source, magic, sizeof(magic), h->source->size - sectors[i]);
                if (r < 0)
                        return r;
                if (memcmp(magic, "EFI PART", 8) == 0)
                        *ret = FILE_GPT;
        }
        return 0;
}

static int probe_mbr(const Head *h, FileKind *ret)
{
        const uint8_t *p = h->data + 446;

        if (get_le16(h->data + 510) != 0xAA55)
                return 0;
        for (int i = 0; i < 4; i++, p += 16)
                if (p[4] == 0x05 || p[4] == 0x83 || p[4] == 0xEE)
                        *ret = FILE_MBR;
        return 0;
}

static int probe_empty(const Head *h, FileKind *ret)
{
        if (bytes_all(h->data, h->size, h->data[0]) && (h->data[0] == 0 || h->data[0] == 0xFF))
                *ret = FILE_EMPTY;
        return 0;
}

/* Texts, by what they must contain; the first line that fits decides. */
static const struct {
        FileKind kind;
        const char *needs[2];
} texts[] = {
        { FILE_SCATTER_XML, { "<root", "MTK_PLATFORM_CFG" } },
        { FILE_READBACK_V6, { "<readback-backup" } },
        { FILE_CONSOLE_V6, { "<cflashtool-config" } },
        { FILE_CONSOLE_V5, { "<flashtool-config", "<connection" } },
        { FILE_CONSOLE_V5, { "<flashtool-config", "<download-agent" } },
        { FILE_READBACK_V5, { "<flashtool-config", "<readback" } },
        { FILE_CONSOLE_V5, { "<flashtool-config" } },
        { FILE_CHECKSUM_XML, { "<scatter", "<images" } },
        { FILE_SCATTER, { "MTK_PLATFORM_CFG" } },
        { FILE_SCATTER, { "partition_index:" } },
        { FILE_CHECKSUM_INI, { "[CheckSum" } },
        { FILE_MEMORY_REPORT, { "Memory Detection Report" } },
        { FILE_FEATURE_CFG, { "boot_region:" } },
};

/* "NAME 0xHEX", then a line "{" */
static bool looks_legacy(const char *text)
{
        for (const char *line = text; line; line = strchr(line, '\n')) {
                const char *p = line + strspn(line, " \t\r\n");

                p += strcspn(p, " \t\r\n");
                p += strspn(p, " \t");
                if (strncasecmp(p, "0x", 2) != 0)
                        return false;
                p += strcspn(p, " \t\r\n");
                p += strspn(p, " \t\r\n");
                return *p == '{';
        }
        return false;
}

static bool is_text(const uint8_t *p, size_t size)
{
        size_t odd = 0;

        for (size_t i = 0; i < size; i++) {
                if (p[i] == 0)
                        return false;
                odd += p[i] < 0x20 && !isspace(p[i]);
        }
        return size > 0 && odd <= size / 100;
}

static int probe_text(const Head *h, FileKind *ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r;

        if (!is_text(h->data, h->size))
                return 0;
        text = malloc(IDENTIFY_TEXT_MAX + 1);
        if (!text)
                return -ENOMEM;
        r = source_read_some(h->source, text, IDENTIFY_TEXT_MAX, 0, &n);
        if (r < 0)
                return r;
        text[n] = 0;
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                const char *const *needs = texts[i].needs;

                if (!strstr(text, needs[0]) || (needs[1] && !strstr(text, needs[1])))
                        continue;
                *ret = texts[i].kind;
                return 0;
        }
        if (looks_legacy(text))
                *ret = FILE_SCATTER_LEGACY;
        return 0;
}

int file_identify(Source *s, FileKind *ret)
{
        static int (*const probes[])(const Head *, FileKind *) = { probe_magic, probe_loader,
                probe_filesystem, probe_text, probe_mbr, probe_backup_gpt, probe_empty };
        _cleanup_free_ uint8_t *data = calloc(1, HEAD);
        Head h = { .source = s, .data = data };
        int r;

        *ret = FILE_UNKNOWN;
        if (!data)
                return -ENOMEM;
        r = source_read_some(s, data, HEAD, 0, &h.size);
        if (r < 0)
                return r;
        if (h.size == 0) {
                *ret = FILE_EMPTY;
                return 0;
        }
        for (size_t i = 0; i < ELEMENTS(probes); i++) {
                r = probes[i](&h, ret);
                if (r < 0)
                        return r;
                if (*ret != FILE_UNKNOWN)
                        return 0;
        }
        return 0;
}
