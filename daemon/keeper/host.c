/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/host.h"

#include <fcntl.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include "basic/bytes.h"
#include "basic/digest.h"

static void read_line(const char *path, char *out, size_t size)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, out, size - 1);

        out[MAX(n, 0)] = 0;
        out[strcspn(out, "\n")] = 0;
}

void host_look(Host *ret)
{
        static const char salt[] = "mtkbackup-host-1\n";
        struct timex clock = {};
        struct utsname name;
        uint8_t sum[SHA256_SIZE];
        char id[64];
        Digest *d;

        *ret = (Host){};
        if (uname(&name) == 0)
                snprintf(ret->tool.kernel, sizeof ret->tool.kernel, "%.32s %.64s", name.sysname,
                        name.release);
        ret->tool.clock_synced = adjtimex(&clock) >= 0 && !(clock.status & STA_UNSYNC);
        read_line("/proc/sys/kernel/random/boot_id", ret->boot_id, sizeof ret->boot_id);
        /* the machine id itself is confidential */
        read_line("/etc/machine-id", id, sizeof id);
        if (!id[0] || digest_new(DIGEST_SHA256, &d) < 0)
                return;
        digest_add(d, salt, strlen(salt));
        digest_add(d, id, strlen(id));
        digest_finish(d, sum);
        digest_free(d);
        hex_encode(sum, 16, ret->tool.host);
}
