/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profile/chip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "basic/table.h"
#include "profile/chip-table.h"

static const char *const family_names[_DA_FAMILY_MAX] = {
        [DA_LEGACY] = "legacy",
        [DA_XFLASH] = "xflash",
        [DA_XML] = "xml",
};
DEFINE_TABLE(da_family, DaFamily, family_names)

static Chip extra[CHIP_EXTRA_MAX];
static size_t n_extra;

size_t chip_count(void)
{
        return n_chip_table;
}

const Chip *chip_at(size_t i)
{
        return i < n_chip_table ? chip_table + i : NULL;
}

const Chip *chip_by_code(uint16_t hw_code)
{
        for (size_t i = 0; i < n_chip_table; i++)
                if (chip_table[i].hw_code == hw_code)
                        return chip_table + i;
        for (size_t i = 0; i < n_extra; i++)
                if (extra[i].hw_code == hw_code)
                        return extra + i;
        return NULL;
}

/* "MT" and four digits, which is what suffixes of packages and grades are put behind */
static bool is_base_name(const char *name)
{
        return strlen(name) == 6 && strncasecmp(name, "MT", 2) == 0 &&
                strspn(name + 2, "0123456789") == 4;
}

const Chip *chip_by_name(const char *name)
{
        for (size_t i = 0; i < n_chip_aliases; i++)
                if (strcasecmp(chip_aliases[i].name, name) == 0)
                        return chip_table + chip_aliases[i].index;
        /* "MT6835" finds "MT6835V" */
        for (size_t i = 0; is_base_name(name) && i < n_chip_aliases; i++)
                if (strncasecmp(chip_aliases[i].name, name, strlen(name)) == 0)
                        return chip_table + chip_aliases[i].index;
        return NULL;
}

bool chip_has_name(const Chip *chip, const char *name)
{
        if (chip >= extra && chip < extra + n_extra)
                chip = chip_by_name(chip->name);
        for (size_t i = 0; i < n_chip_aliases; i++)
                if (chip_table + chip_aliases[i].index == chip &&
                        strcasecmp(chip_aliases[i].name, name) == 0)
                        return true;
        return chip_by_name(name) == chip;
}

int chip_extra_parse(const char *text, Chip *ret)
{
        char *end;
        unsigned long code;

        if (strncmp(text, "0x", 2) != 0 || strlen(text) > CHIP_EXTRA_TEXT_MAX)
                return -EINVAL;
        code = strtoul(text + 2, &end, 16);
        if (end == text + 2 || !strchr("0123456789abcdefABCDEF", text[2]) || *end != '=' ||
                code == 0 || code > UINT16_MAX)
                return -EINVAL;
        for (size_t i = 0; i < n_chip_table; i++)
                if (chip_table[i].hw_code == code)
                        return -EEXIST;
        const Chip *like = chip_by_name(end + 1);
        if (!like)
                return -ENOENT;
        *ret = *like;
        ret->hw_code = (uint16_t)code;
        return 0;
}

int chip_extra_add(const char *text)
{
        Chip c;
        size_t i = 0;
        int r = chip_extra_parse(text, &c);

        if (r < 0)
                return r;
        while (i < n_extra && extra[i].hw_code != c.hw_code)
                i++;
        if (i == CHIP_EXTRA_MAX)
                return -ENOSPC;
        extra[i] = c;
        if (i == n_extra)
                n_extra++;
        return 0;
}

void chip_extra_clear(void)
{
        n_extra = 0;
}

void chip_unknown(Failure *f, uint16_t hw_code, uint16_t hw_sub, uint16_t hw_ver, uint16_t sw_ver,
        size_t n_agents)
{
        failure_set(f, -EOPNOTSUPP, ERROR_UNSUPPORTED_CHIP,
                "The chip of this phone is not known (hardware code 0x%04x, sub code 0x%04x, "
                "versions 0x%04x and 0x%04x): neither the table of %zu chips nor \"chips\" in "
                "mtkbackupd.yaml nor an imported download agent (there are %zu) names it, so only "
                "its identity was read.",
                hw_code, hw_sub, hw_ver, sw_ver, chip_count(), n_agents);
        failure_hint(f,
                "Import a download agent made for it; or try it as a chip it resembles, say MT6765 "
                "(phones are only read): mtkbackupctl queue --profile full --chip MT6765. If that "
                "works, add \"chips: [0x%04x=MT6765]\" to mtkbackupd.yaml and report these numbers "
                "with the model of the phone. First restart the phone: hold its power button for "
                "ten seconds.",
                hw_code);
}
