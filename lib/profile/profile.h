/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A profile: which phone, what to read, what to do afterwards. YAML, one file a profile; its name is
 * the file name without ".yaml".
 *
 *   title: MT6765 phones (Helio P35/G35), everything   # one line for people
 *   match:
 *     chip: MT6765            # or hw_code: 0x0766; absent: any chip
 *   agent: auto               # or a pattern for the names of imported agents: "MTK_DA_V5*"
 *   preloader: auto           # likewise, for boot ROM mode: the file with the memory settings
 *   read:
 *     kind: full              # full, critical (the identity set), selection;
 *                             # absent: selection if there are partitions, else full
 *     areas: [BOOT1, BOOT2, USER]       # absent: all readable
 *     partitions: ["*"]       # globs; absent: all
 *     exclude: [userdata]     # globs; stays listed in the backup as skipped
 *   after:
 *     verify: true            # read everything back from the disk; default true
 *     phone: reboot           # or: off
 *
 * Errors carry file, line, column, key and what was expected. */

#include "basic/failure.h"

enum {
        PROFILE_LIST_MAX = 64,
        PROFILE_GLOB_MAX = 80,
        PROFILE_LIST_SIZE_MAX = 4096, /* bytes of one list with commas: three go into a message */
        PROFILE_NAME_MAX = 64,
        PROFILE_SIZE_MAX = 65536
};

typedef enum ProfileKind {
        PROFILE_FULL,
        PROFILE_CRITICAL,
        PROFILE_SELECTION,
        _PROFILE_KIND_MAX
} ProfileKind;
const char *profile_kind_to_string(ProfileKind kind); /* "full", "critical", "selection" */
int profile_kind_from_string(const char *name);

typedef struct Profile {
        char name[PROFILE_NAME_MAX + 1];
        char title[128];
        bool match_any;
        uint16_t hw_code; /* unless match_any */
        bool by_name;     /* matched by the chip's name: every chip that goes by it fits */
        char chip[32];    /* as written or looked up; "" any */
        char agent[PROFILE_GLOB_MAX];     /* "auto" or a pattern */
        char preloader[PROFILE_GLOB_MAX]; /* likewise */
        ProfileKind kind;
        char **areas, **partitions, **exclude; /* NULL-terminated, NULL when absent */
        bool verify;
        bool power_off;  /* after: phone: off */
        char sha256[65]; /* of the file's text */
        bool shipped;    /* from the program's own directory */
} Profile;

Profile *profile_free(Profile *p);
DEFINE_CLEANUP(Profile, profile_free)

/* A valid profile name: 1 to 64 of A-Za-z0-9._- and no leading dot. */
bool profile_name_valid(const char *name);

/* True when the profile is for phones that answer this hardware code. */
bool profile_matches(const Profile *p, uint16_t hw_code);

/* Parses the text. `file` is only named in messages ("file:line:column: key: expected …").
 * 0; -EINVAL with f (ERROR_INVALID_PROFILE); -ENOMEM. */
int profile_parse(const char *name, const char *file, const char *text, size_t size, Profile **ret,
        Failure *f);
