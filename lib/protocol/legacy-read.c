/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/legacy-read.h"

#include <errno.h>

#include "basic/bytes.h"
#include "basic/log.h"
#include "protocol/fault.h"

enum {
        CMD_SELECT = 0x60,
        CMD_READ = 0xd6,
        CMD_READ_NAND = 0xdf,
        /* Windows: one run a packet. Linux (0c) costs a zero-length packet every KiB. */
        HOST_WINDOWS = 0x0b,
        NAND_PAGE_ONLY = 1,
        NAND_LOGICAL = 1,
        FIRST_MS = 30000,
        NEXT_MS = 10000,
};

static const char reading[] = "data was read";

int legacy_reader_init(LegacyReader *r, Transport *t, bool host_byte, uint8_t storage)
{
        *r = (LegacyReader){ .transport = t, .host_byte = host_byte, .storage = storage };
        r->packet = malloc(LEGACY_PACKET);
        return r->packet ? 0 : -ENOMEM;
}

void legacy_reader_done(LegacyReader *r)
{
        free(r->packet);
        *r = (LegacyReader){};
}

/* Agents that do not ask for the host's system are those of 2012. */
static int expect_ack(LegacyReader *r, unsigned ms, const char *what, Failure *f)
{
        return legacy_expect_ack_of(
                r->transport, r->host_byte ? LEGACY_STATUS_PHONE : LEGACY_STATUS_2012, ms, what, f);
}

int legacy_select(LegacyReader *r, uint8_t part, Failure *f)
{
        int e = legacy_send_u8(r->transport, CMD_SELECT, f);

        if (e >= 0)
                e = expect_ack(r, LEGACY_ANSWER_MS, "an area was chosen", f);
        if (e >= 0)
                e = legacy_send_u8(r->transport, part, f);
        if (e >= 0)
                e = expect_ack(r, LEGACY_ANSWER_MS, "an area was chosen", f);
        return e;
}

/* One packet with its sum; 1 when the sum is right, 0 when it is not. */
static int receive_packet(LegacyReader *r, size_t size, unsigned first_ms, Failure *f)
{
        Transport *t = r->transport;
        uint16_t sum, own = 0;
        size_t got = 0;
        int e;

        transport_expect(t, size + sizeof sum);
        while (got < size) {
                struct iovec have;
                size_t n;

                e = transport_fill(t, got ? NEXT_MS : first_ms);
                if (e < 0)
                        return fault_link(f, e, reading);
                have = transport_peek(t);
                n = MIN(have.iov_len, size - got);
                memcpy(r->packet + got, have.iov_base, n);
                transport_consume(t, n);
                for (size_t i = 0; i < n; i++)
                        own = (uint16_t)(own + r->packet[got + i]);
                got += n;
        }
        e = legacy_receive_be16(t, &sum, reading, f);
        return e < 0 ? e : sum == own;
}

static int send_head(LegacyReader *r, uint64_t address, uint64_t size, Failure *f)
{
        Transport *t = r->transport;
        int e = legacy_send_u8(t, CMD_READ, f);

        if (e >= 0 && r->host_byte)
                e = legacy_send_u8(t, HOST_WINDOWS, f);
        if (e >= 0)
                e = legacy_send_u8(t, r->storage, f);
        if (e >= 0)
                e = legacy_send_be64(t, address, f);
        if (e >= 0)
                e = legacy_send_be64(t, size, f);
        if (e >= 0)
                e = expect_ack(r, FIRST_MS, reading, f);
        if (e >= 0)
                e = legacy_send_be32(t, LEGACY_PACKET, f);
        return e;
}

typedef struct Window {
        uint64_t good; /* bytes that were given to the sink */
        int sink;      /* what the sink returned */
} Window;

/* One command, always received to its end. */
static int read_window(LegacyReader *r, uint64_t address, uint64_t size, DaSink sink,
        void *userdata, Window *ret, Failure *f)
{
        bool skip = false;
        int e = send_head(r, address, size, f);

        *ret = (Window){};
        if (e < 0)
                return e;
        for (uint64_t done = 0, n; done < size; done += n) {
                n = MIN(size - done, (uint64_t)LEGACY_PACKET);
                e = receive_packet(r, (size_t)n, done ? NEXT_MS : FIRST_MS, f);
                if (e < 0)
                        return e;
                if (e == 0 && !skip) {
                        log_debug("wrong sum at 0x%llx", (unsigned long long)(address + done));
                        skip = true;
                }
                e = legacy_send_u8(r->transport, LEGACY_ACK, f);
                if (e < 0)
                        return e;
                if (skip)
                        continue;
                ret->sink = sink(userdata, r->packet, (size_t)n);
                if (ret->sink < 0)
                        skip = true;
                else
                        ret->good += n;
        }
        return 0;
}

static int sum_stays_wrong(uint64_t address, Failure *f)
{
        failure_set(f, -EBADMSG, ERROR_CHECKSUM_MISMATCH,
                "The data at 0x%llx arrived damaged %d times in a row.",
                (unsigned long long)address, LEGACY_TRIES);
        failure_hint(f, "Use another cable or socket, without a hub.");
        return -EBADMSG;
}

int legacy_read(
        LegacyReader *r, uint64_t address, uint64_t size, DaSink sink, void *userdata, Failure *f)
{
        unsigned tries = 0;

        while (size > 0) {
                uint64_t n = MIN(size, (uint64_t)LEGACY_WINDOW);
                Window w;
                int e = read_window(r, address, n, sink, userdata, &w, f);

                if (e < 0)
                        return e;
                if (w.sink < 0)
                        return w.sink;
                address += w.good;
                size -= w.good;
                if (w.good == n) {
                        tries = 0;
                        continue;
                }
                r->reread++;
                tries = w.good > 0 ? 1 : tries + 1;
                if (tries >= LEGACY_TRIES)
                        return sum_stays_wrong(address, f);
        }
        return 0;
}

/* ---- NAND ---- */

/* The head of a NAND read: returns the bytes of a page, or a negative error. */
static int nand_head(LegacyReader *r, uint32_t address, uint32_t size, Failure *f)
{
        Transport *t = r->transport;
        uint8_t head[3] = { HOST_WINDOWS, NAND_PAGE_ONLY, NAND_LOGICAL };
        uint32_t page = 0, spare, unit = 0, total = 0;
        int e = legacy_send_u8(t, CMD_READ_NAND, f);

        for (size_t i = 0; e >= 0 && i < sizeof head; i++)
                e = legacy_send_u8(t, head[i], f);
        if (e >= 0)
                e = legacy_send_be32(t, address, f);
        if (e >= 0)
                e = legacy_send_be32(t, size, f);
        if (e >= 0)
                e = legacy_send_be32(t, 0, f);
        if (e >= 0)
                e = legacy_expect_ack(t, FIRST_MS, reading, f);
        if (e >= 0)
                e = legacy_receive_be32(t, &page, reading, f);
        if (e >= 0)
                e = legacy_receive_be32(t, &spare, reading, f);
        if (e >= 0)
                e = legacy_receive_be32(t, &unit, reading, f);
        if (e < 0)
                return e;
        if (unit == 0 || unit > LEGACY_NAND_UNIT_MAX || unit != page || size % unit != 0)
                return fault_protocol(f,
                        "The phone's NAND has pages of %u bytes, but %u would be sent for each.",
                        page, unit);
        e = legacy_send_be32(t, 1, f);
        if (e >= 0)
                e = legacy_receive_be32(t, &total, reading, f);
        if (e < 0)
                return e;
        if (total != size)
                return fault_protocol(
                        f, "The phone would send %u bytes of NAND instead of %u.", total, size);
        return (int)unit;
}

/* One page; a NAND read can be asked for the same packet again. 1, or 0 when it stays wrong. */
static int nand_page(LegacyReader *r, size_t unit, Failure *f)
{
        int e = 0;

        for (unsigned tries = 0; e == 0 && tries < LEGACY_TRIES; tries++) {
                int s = tries ? legacy_send_u8(r->transport, LEGACY_CONT, f) : 0;

                r->reread += tries > 0;
                e = s < 0 ? s : receive_packet(r, unit, FIRST_MS, f);
        }
        if (e >= 0) {
                int s = legacy_send_u8(r->transport, LEGACY_ACK, f);

                if (s < 0)
                        return s;
        }
        return e;
}

int legacy_read_nand(
        LegacyReader *r, uint64_t address, uint64_t size, DaSink sink, void *userdata, Failure *f)
{
        while (size > 0) {
                uint32_t window = (uint32_t)MIN(size, (uint64_t)LEGACY_WINDOW);
                int stop = 0, unit;

                if (address > UINT32_MAX - window)
                        return failure_set(f, -ERANGE, ERROR_OUT_OF_RANGE,
                                "NAND address 0x%llx is too high.", (unsigned long long)address);
                unit = nand_head(r, (uint32_t)address, window, f);
                if (unit < 0)
                        return unit;
                for (uint32_t done = 0; done < window; done += (uint32_t)unit) {
                        int e = nand_page(r, (size_t)unit, f);

                        if (e < 0)
                                return e;
                        if (e == 0 && stop >= 0)
                                stop = sum_stays_wrong(address + done, f);
                        if (stop >= 0)
                                stop = sink(userdata, r->packet, (size_t)unit);
                }
                if (stop < 0)
                        return stop;
                address += window;
                size -= window;
        }
        return 0;
}
