/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The class of a partition name.
 *
 * The table of defaults decides. Names it does not have are often relatives of one that it has: the
 * other slot (boot_b), the next number (ebr2, nvdata3), a vendor's copy (persistbak). Those get
 * the class of their relative; a last list knows words that name a class by themselves. When in
 * doubt a name counts as device identity rather than less, since that class is saved first and
 * never flashed by default. Anything else is firmware. */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "basic/table.h"
#include "format/part-defaults.h"

static const char *const class_names[_CLASS_MAX] = {
        [CLASS_TABLE] = "table",
        [CLASS_IDENTITY] = "device-identity",
        [CLASS_LOCK] = "lock-state",
        [CLASS_LOADER] = "loader",
        [CLASS_FIRMWARE] = "firmware",
        [CLASS_GAP] = "gap",
        [CLASS_SCRATCH] = "scratch",
        [CLASS_USER] = "user",
};
DEFINE_TABLE(part_class, PartClass, class_names)

/* beginnings of names that the table does not have; the first that fits counts */
static const struct {
        const char *prefix;
        PartClass class;
} prefixes[] = {
        { "_gap-", CLASS_GAP },
        { "gpt", CLASS_TABLE },
        { "pgpt", CLASS_TABLE },
        { "sgpt", CLASS_TABLE },
        { "ebr", CLASS_TABLE },
        { "pmt", CLASS_TABLE },
        { "rsv_", CLASS_TABLE },
        { "nvram", CLASS_IDENTITY },
        { "nvdata", CLASS_IDENTITY },
        { "nvcfg", CLASS_IDENTITY },
        { "nvbackup", CLASS_IDENTITY },
        { "protect", CLASS_IDENTITY },
        { "proinfo", CLASS_IDENTITY },
        { "pro_info", CLASS_IDENTITY },
        { "persist", CLASS_IDENTITY },
        { "otp", CLASS_IDENTITY },
        { "sdrpmb", CLASS_IDENTITY },
        { "imei", CLASS_IDENTITY },
        { "simlock", CLASS_IDENTITY },
        { "keybox", CLASS_IDENTITY },
        { "oppo", CLASS_IDENTITY },
        { "oplusreserve", CLASS_IDENTITY },
        { "oplus_custom", CLASS_IDENTITY },
        { "seccfg", CLASS_LOCK },
        { "frp", CLASS_LOCK },
        { "efuse", CLASS_LOCK },
        { "keystore", CLASS_LOCK },
        { "preloader", CLASS_LOADER },
        { "lk", CLASS_LOADER },
        { "bl2", CLASS_LOADER },
        { "uboot", CLASS_LOADER },
        { "expdb", CLASS_SCRATCH },
        { "boot_para", CLASS_SCRATCH },
        { "para", CLASS_SCRATCH },
        { "misc", CLASS_SCRATCH },
        { "userdata", CLASS_USER },
        { "usrdata", CLASS_USER },
        { "metadata", CLASS_USER },
        { "cache", CLASS_USER },
};

const PartDefault *part_default_find(const char *name)
{
        for (size_t i = 0; i < n_part_defaults; i++)
                if (strcasecmp(part_defaults[i].name, name) == 0)
                        return part_defaults + i;
        return NULL;
}

/* length without a slot suffix, then without trailing digits and the '_' before them */
static size_t stem_length(const char *name)
{
        size_t n = strlen(name);
        if (n > 2 && name[n - 2] == '_' && strchr("abAB", name[n - 1]))
                n -= 2;
        size_t digits = n;
        while (digits > 0 && isdigit((unsigned char)name[digits - 1]))
                digits--;
        if (digits == n)
                return n;
        if (digits > 1 && name[digits - 1] == '_')
                digits--;
        return digits;
}

PartClass part_class_of(const char *name)
{
        const PartDefault *found = part_default_find(name);
        if (found)
                return found->class;

        size_t stem = stem_length(name);
        for (size_t i = 0; stem > 0 && i < n_part_defaults; i++)
                if (stem_length(part_defaults[i].name) == stem &&
                        strncasecmp(part_defaults[i].name, name, stem) == 0)
                        return part_defaults[i].class;

        for (size_t i = 0; i < ELEMENTS(prefixes); i++)
                if (strncasecmp(name, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0)
                        return prefixes[i].class;
        return CLASS_FIRMWARE;
}
