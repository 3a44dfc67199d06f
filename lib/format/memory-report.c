/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/memory-report.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "basic/bytes.h"

static const char title[] = "Memory Detection Report";

/* headings; what follows belongs to them */
typedef enum Part { PART_NONE, PART_INTERNAL, PART_EXTERNAL, PART_NAND, PART_EMMC, PART_UFS } Part;
static const char *const part_names[] = { "",
        "Internal RAM:", "External RAM:", "NAND Flash:", "EMMC:", "UFS:" };

static const struct {
        const char *name;
        StorageType storage;
        RegionKind kind;
} region_lines[] = {
        { "EMMC_PART_BOOT1", STORAGE_EMMC, REGION_BOOT1 },
        { "EMMC_PART_BOOT2", STORAGE_EMMC, REGION_BOOT2 },
        { "EMMC_PART_RPMB", STORAGE_EMMC, REGION_RPMB },
        { "EMMC_PART_GP1", STORAGE_EMMC, REGION_GP1 },
        { "EMMC_PART_GP2", STORAGE_EMMC, REGION_GP2 },
        { "EMMC_PART_GP3", STORAGE_EMMC, REGION_GP3 },
        { "EMMC_PART_GP4", STORAGE_EMMC, REGION_GP4 },
        { "EMMC_PART_USER", STORAGE_EMMC, REGION_USER },
        { "UFS_PART_LU0", STORAGE_UFS, REGION_BOOT1 },
        { "UFS_PART_LU1", STORAGE_UFS, REGION_BOOT2 },
        { "UFS_PART_LU2", STORAGE_UFS, REGION_USER },
};

/* "NAME = VALUE" anywhere in a line: the value's text, NULL when it does not stand there */
static const char *value_of(const char *line, const char *name)
{
        const char *p = strstr(line, name);

        if (!p)
                return NULL;
        p += strlen(name);
        while (*p == ' ' || *p == '\t')
                p++;
        if (*p != '=')
                return NULL;
        for (p++; *p == ' ' || *p == '\t';)
                p++;
        return p;
}

static uint64_t size_of(const char *line)
{
        const char *value = value_of(line, "Size");

        return value && strncasecmp(value, "0x", 2) == 0 ? strtoull(value, NULL, 16) : 0;
}

static void copy_word(char *out, size_t size, const char *from, const char *ends)
{
        size_t n = MIN(strcspn(from, ends), size - 1);

        memcpy(out, from, n);
        out[n] = 0;
}

static void read_region(MemoryReport *m, const char *line)
{
        for (size_t i = 0; i < ELEMENTS(region_lines); i++) {
                const char *p = strstr(line, region_lines[i].name);

                if (!p || isalnum((unsigned char)p[strlen(region_lines[i].name)]))
                        continue;
                m->regions[region_lines[i].kind] = size_of(line);
                m->storage = region_lines[i].storage;
                return;
        }
}

static void read_line(MemoryReport *m, Part part, const char *line)
{
        const char *value;

        if (strstr(line, "ERROR"))
                return;
        switch (part) {
        case PART_INTERNAL: m->internal_ram = size_of(line) ?: m->internal_ram; break;
        case PART_EXTERNAL:
                value = value_of(line, "Type");
                if (value)
                        copy_word(m->ram_type, sizeof(m->ram_type), value, " \t\r");
                m->external_ram = size_of(line) ?: m->external_ram;
                break;
        case PART_NAND:
                value = value_of(line, "Device Id");
                if (value)
                        copy_word(m->nand_id, sizeof(m->nand_id), value, "\r");
                m->nand_size = size_of(line) ?: m->nand_size;
                break;
        case PART_EMMC:
        case PART_UFS: read_region(m, line); break;
        default: break;
        }
}

int memory_report_read(const char *text, size_t size, MemoryReport *ret)
{
        MemoryReport m = { .storage = STORAGE_UNKNOWN };
        const char *end = text + strnlen(text, size);
        Part part = PART_NONE;
        bool seen = false;
        char line[256];

        while (text < end) {
                const char *stop = memchr(text, '\n', (size_t)(end - text));
                size_t n = (size_t)((stop ?: end) - text), copied = MIN(n, sizeof(line) - 1);

                memcpy(line, text, copied);
                line[copied] = 0;
                text += n + (stop != NULL);
                seen |= strstr(line, title) != NULL;
                for (size_t i = 1; i < ELEMENTS(part_names); i++) {
                        const char *p = line + strspn(line, " \t");

                        if (strncmp(p, part_names[i], strlen(part_names[i])) == 0)
                                part = (Part)i;
                }
                if (seen)
                        read_line(&m, part, line);
        }
        if (!seen)
                return -ENOENT;
        if (m.storage == STORAGE_UNKNOWN && m.nand_size > 0)
                m.storage = STORAGE_NAND;
        *ret = m;
        return 0;
}

static unsigned long long whole(uint64_t size, uint64_t unit)
{
        return size / unit;
}

static void write_ram(
        FILE *f, const char *heading, uint64_t size, const char *type, const char *name)
{
        uint64_t unit = size < MiB ? KiB : MiB;
        const char *letter = size < MiB ? "K" : "M";

        fprintf(f, "%s\n", heading);
        if (size == 0) {
                fprintf(f, "\tERROR: %s was not detected!!\n\n", name);
                return;
        }
        fprintf(f, "\tType = %s\n\tSize = 0x%08llx (%llu%sB/%llu%sb)\n\n", type,
                (unsigned long long)size, whole(size, unit), letter, whole(8 * size, unit), letter);
}

static void write_storage(FILE *f, const MemoryReport *m, StorageType storage, const char *name)
{
        fprintf(f, "%s: \n", name);
        if (m->storage != storage) {
                fprintf(f, "\tERROR: %s was not detected!\n", name);
                return;
        }
        for (size_t i = 0; i < ELEMENTS(region_lines); i++) {
                uint64_t size = m->regions[region_lines[i].kind];

                if (region_lines[i].storage == storage)
                        fprintf(f, "\t %s \tSize = 0x%016llx(%lluMB)\n", region_lines[i].name,
                                (unsigned long long)size, whole(size, MiB));
        }
}

int memory_report_write(const MemoryReport *m, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return -ENOMEM;
        fprintf(f, "============ %s ===========\nInternal RAM:\n\n", title);
        write_ram(f, "External RAM:", m->external_ram, m->ram_type[0] ? m->ram_type : "DRAM",
                "External RAM");
        fprintf(f, "NAND Flash:\n");
        if (m->nand_size > 0)
                fprintf(f, "\tDevice Id = %s\n\tSize = 0x%08llx (%lluMB/%lluMb)\n", m->nand_id,
                        (unsigned long long)m->nand_size, whole(m->nand_size, MiB),
                        whole(8 * m->nand_size, MiB));
        else
                fprintf(f, "\tERROR: NAND Flash was not detected!\n");
        fputc('\n', f);
        write_storage(f, m, STORAGE_EMMC, "EMMC");
        fputc('\n', f);
        write_storage(f, m, STORAGE_UFS, "UFS");
        if (ferror(f) | (fclose(f) != 0))
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}

int memory_report_to_layout(const MemoryReport *m, Layout *l)
{
        l->storage = m->storage;
        for (int i = 0; i < _REGION_MAX; i++)
                if (m->regions[i] > 0 && !layout_set_region(l, (RegionKind)i, m->regions[i]))
                        return -E2BIG;
        if (m->storage == STORAGE_NAND && !layout_set_region(l, REGION_USER, m->nand_size))
                return -E2BIG;
        return 0;
}
