/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Lists that make SP Flash Tool read a phone back: doc/readback.md.
 *
 * The tool reads nothing but what its list names, area by area, and ignores a list that does not fit
 * the loaded scatter without a word. Four forms: the saved list of the Readback tab of versions 5 and
 * 6 (readback_ui_bak.xml), and the configuration of their console modes. */

#include "format/layout.h"

typedef enum ReadbackForm {
        READBACK_V5,
        READBACK_V6,
        READBACK_CONSOLE5,
        READBACK_CONSOLE6,
        _READBACK_MAX
} ReadbackForm;
const char *readback_form_to_string(ReadbackForm form); /* "v5", "v6", "console5", "console6" */
int readback_form_from_string(const char *name);

typedef struct ReadbackOptions {
        ReadbackForm form;
        bool v2;            /* for a scatter of version 2, which numbers areas in another way */
        int part_id;        /* of every item, by force; -1: as the scatter's version wants it */
        const char *folder; /* for the files, C:\x or /x; NULL: none */
        const char *suffix; /* of the files, ".img" */
        const char *const *only, *const *exclude; /* globs, NULL-terminated; NULL: none */
        const char *agent, *scatter, *flash_xml; /* paths that console modes name; NULL: defaults */
} ReadbackOptions;

typedef struct ReadbackItem {
        const Partition *part; /* NULL: a whole boot area */
        char name[LAYOUT_NAME_MAX + 1];
        RegionKind region;
        uint64_t offset, size; /* bytes */
        bool by_name;          /* version 6: the phone's own table knows it */
        char path[512];
} ReadbackItem;

typedef struct ReadbackList {
        ReadbackItem *items;
        size_t n_items;
} ReadbackList;
void readback_list_done(ReadbackList *l);

/* Chooses what to read of a placed layout. The boot areas come first, whole when their size is known
 * (regions of the layout). Items without place or size are left out with a problem. 0 or -ENOMEM. */
int readback_list(Layout *l, const ReadbackOptions *o, ReadbackList *ret);

/* Writes the list. *ret is to be freed. 0 or -ENOMEM. */
int readback_write(const Layout *l, const ReadbackOptions *o, const ReadbackList *list, char **ret,
        size_t *ret_size);

/* the tool's number for an area: part-id of version 5, "EMMC-BOOT1" of version 6 */
unsigned readback_part_id(StorageType storage, RegionKind region, bool v2);
const char *readback_region_text(StorageType storage, RegionKind region);
