/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Profiles, and with them the YAML reader. Every refusal says why. */

#include <stdlib.h>

#include "profile/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        Profile *p = NULL;
        Failure f = { 0 };

        int r = profile_parse("fuzz", "fuzz.yaml", (const char *)data, size, &p, &f);
        if (r < 0 && (f.id != ERROR_INVALID_PROFILE || f.text[0] == '\0'))
                abort();
        if (r == 0)
                profile_matches(p, 0x766);
        profile_free(p);
        return 0;
}
