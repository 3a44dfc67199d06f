/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bare.h"

#include <stdarg.h>
#include <string.h>

#include "basic/bytes.h"

#define DA(version, name, rest)                                                                    \
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><da><version>" version                          \
        "</version><command>CMD:" name "</command>" rest "</da>"

static char message[4096]; /* the last one */

_printf_(2, 3) static void say(Bare *b, const char *format, ...)
{
        char text[1024];
        va_list ap;
        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        bare_put_frame(b, text, strlen(text) + 1);
}

static const char *hear(Bare *b)
{
        uint32_t size = bare_get_header(b);
        if (size >= sizeof(message))
                bare_fail("a message of %u bytes", size);
        host_read(b->host, message, size);
        message[size] = 0;
        return message;
}

static void wait_for(Bare *b, const char *what)
{
        if (!strstr(hear(b), what))
                bare_fail("\"%s\" in place of %s", message, what);
}

/* The phone has said START; one more command, to where it is known. */
#define COMMAND(b, ...)                                                                            \
        do {                                                                                       \
                say(b, "OK");                                                                      \
                say(b, __VA_ARGS__);                                                               \
                if (strcmp(hear(b), "OK") != 0)                                                    \
                        bare_fail("command refused: %s", message);                                 \
        } while (0)

/* END with OK, up to the next START. */
static void end(Bare *b)
{
        wait_for(b, "CMD:END");
        if (!strstr(message, "<result>OK<"))
                bare_fail("%s", message);
        say(b, "OK");
        wait_for(b, "CMD:START");
}

static void set_up_hardware(Bare *b)
{
        COMMAND(b, DA("1.0", "NOTIFY-INIT-HW", ""));
        wait_for(b, "CMD:PROGRESS-REPORT");
        do
                say(b, "OK");
        while (strcmp(hear(b), "OK!EOT") != 0);
        say(b, "OK");
        end(b);
}

static size_t packet_length(void)
{
        const char *at = strstr(message, "<packet_length>");
        return at ? strtoul(at + strlen("<packet_length>"), NULL, 0) : 0;
}

static void boot_stage2(Bare *b)
{
        uint32_t address;
        size_t size, packet;
        const uint8_t *stage2 = bare_region(b, 2, &size, &address);
        size -= 0x100;
        COMMAND(b,
                DA("1.0", "BOOT-TO",
                        "<arg><at_address>0x%x</at_address><jmp_address>0x%x</jmp_address>"
                        "<source_file>stage2</source_file></arg>"),
                address, address);
        wait_for(b, "CMD:DOWNLOAD-FILE");
        packet = packet_length();
        if (!packet)
                bare_fail("%s", message);
        say(b, "OK");
        say(b, "OK@0x%zx", size);
        wait_for(b, "OK");
        for (size_t done = 0; done < size; done += packet) {
                say(b, "OK@0x0");
                wait_for(b, "OK");
                bare_put_frame(b, stage2 + done, MIN(packet, size - done));
                wait_for(b, "OK");
        }
        end(b);
}

static void start(Bare *b)
{
        wait_for(b, "CMD:START");
        COMMAND(b,
                DA("1.1", "SET-RUNTIME-PARAMETER",
                        "<arg><checksum_level>NONE</checksum_level><battery_exist>AUTO-DETECT"
                        "</battery_exist><da_log_level>INFO</da_log_level><log_channel>UART"
                        "</log_channel><system_os>%s</system_os></arg>"
                        "<adv><initialize_dram>YES</initialize_dram></adv>"),
                b->host_os ? "LINUX" : "WINDOWS");
        end(b);
        set_up_hardware(b);
        boot_stage2(b);
        set_up_hardware(b);
}

/* The range, or without its last byte where a build refuses to read up to the end. */
static uint64_t ask(Bare *b, uint64_t size)
{
        static const struct {
                const char *area, *section;
        } sections[] = { { "user", "EMMC-USER" }, { "boot1", "EMMC-BOOT1" },
                { "boot2", "EMMC-BOOT2" }, { "lu0", "UFS-LUA0" }, { "lu1", "UFS-LUA1" },
                { "lu2", "UFS-LUA2" } };
        const char *section = "";
        for (size_t i = 0; i < ELEMENTS(sections); i++)
                if (!strcmp(sections[i].area, b->area))
                        section = sections[i].section;
        if (bare_wrong(b, "write"))
                COMMAND(b, DA("1.0", "ERASE-FLASH", "<arg><partition>%s</partition></arg>"),
                        section);
        else
                COMMAND(b,
                        DA("1.0", "READ-FLASH",
                                "<arg><partition>%s</partition><offset>0x%llx</offset>"
                                "<length>0x%llx</length><target_file>x</target_file></arg>"),
                        section, (unsigned long long)b->offset, (unsigned long long)size);
        if (strstr(hear(b), "CMD:UPLOAD-FILE"))
                return size;
        if (!strstr(message, "larger than partition") || size != b->size)
                bare_fail("%s", message);
        say(b, "OK");
        wait_for(b, "CMD:START");
        return ask(b, size - 1);
}

static void read_area(Bare *b)
{
        uint64_t size = ask(b, b->size);
        say(b, "OK");
        wait_for(b, "OK@0x");
        say(b, "OK");
        for (uint64_t done = 0; done < size;) {
                wait_for(b, "OK@0x0");
                say(b, "OK");
                uint32_t n = bare_get_header(b);
                if (bare_wrong(b, "early-ack"))
                        say(b, "OK");
                bool too_little = bare_take(b, n, b->offset + done);
                if (!bare_wrong(b, "early-ack"))
                        say(b, "OK");
                if (too_little)
                        bare_stay();
                done += n;
        }
        end(b);
}

static void finish(Bare *b)
{
        COMMAND(b, DA("1.0", "REBOOT", "<arg><action>%s</action></arg>"),
                b->off ? "DISCONNECT" : "IMMEDIATE");
        wait_for(b, "CMD:END");
        say(b, "OK");
}

const BareFamily bare_xml = { start, read_area, finish };
