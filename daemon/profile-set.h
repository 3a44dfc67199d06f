/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* All profiles there are: *.yaml of several directories, a later directory overriding an earlier
 * one by name. A file that is wrong keeps its name, so that asking for it gives the reason, and
 * does not let the one it overrides shine through. The others stay usable. */

#include "profile/profile.h"

enum { PROFILE_SET_MAX = 256 };

typedef struct ProfileEntry {
        char name[PROFILE_NAME_MAX + 1];
        Profile *profile; /* NULL: broken */
        Failure failure;  /* why */
} ProfileEntry;

typedef struct ProfileSet {
        ProfileEntry *entries; /* by name */
        size_t n;
} ProfileSet;

void profile_set_done(ProfileSet *s);
/* Reads them anew; the first directory holds the shipped ones. A directory that is not there is an
 * empty one. On an error (-ENOMEM, -EIO, …) the old set stays. */
int profile_set_load(ProfileSet *s, const char *const *directories);
/* The profile; NULL with f: NoSuchProfile, or InvalidProfile with the place of the mistake. */
const Profile *profile_set_get(const ProfileSet *s, const char *name, Failure *f);
