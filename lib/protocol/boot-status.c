/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "protocol/boot-status.h"

#include <errno.h>

#include "basic/cleanup.h"

static const char makers_agent[] =
        "The phone accepts only a download agent signed by its maker: import the maker's own file "
        "(mtkbackupctl agents import FILE).";
static const char makers_tool[] =
        "The phone asks for its maker's authorisation; without the maker's tool it cannot be read.";
static const char sla_tool[] =
        "Only its maker's tool can give that. If the phone was in boot ROM mode, connect it "
        "switched off and with no key held: its preloader may want no more than the maker's own "
        "download agent.";
static const char other_agent[] =
        "Try another download agent for this chip (mtkbackupctl agents import FILE).";

static const struct {
        uint16_t status;
        ErrorId id;
        const char *text, *hint;
} table[] = {
        { 0x1000, ERROR_DEVICE_REFUSED, "this address must not be read", NULL },
        { 0x1001, ERROR_DEVICE_REFUSED, "this address must not be written", NULL },
        { 0x1A1D, ERROR_DEVICE_REFUSED, "register access is blocked", NULL },
        { 0x1D00, ERROR_DEVICE_REFUSED, "the address is too high", NULL },
        { 0x1D01, ERROR_DEVICE_REFUSED, "the address is too high", NULL },
        { 0x1D02, ERROR_DEVICE_REFUSED, "the address is not valid", NULL },
        { 0x1D0C, ERROR_DEVICE_REFUSED, "no authorisation is needed", NULL },
        { 0x1D0D, ERROR_AUTH_REQUIRED, "the maker's authorisation (SLA) is required", sla_tool },
        { 0x1D0E, ERROR_DEVICE_REFUSED, "the agent overlaps an earlier one", NULL },
        { 0x1D0F, ERROR_DEVICE_REFUSED, "the start address is not valid", other_agent },
        { 0x1D10, ERROR_AUTH_REQUIRED, "the agent is longer than signed agents may be",
                makers_agent },
        { 0x1D11, ERROR_DEVICE_REFUSED, "the address is not aligned", other_agent },
        { 0x1D12, ERROR_DEVICE_REFUSED, "address or length are not valid", other_agent },
        { 0x1D13, ERROR_DEVICE_REFUSED, "the length is zero", other_agent },
        { 0x1D14, ERROR_DEVICE_REFUSED, "the signature is longer than the agent", other_agent },
        { 0x1D15, ERROR_AUTH_REQUIRED, "the agent is not signed", makers_agent },
        { 0x1D16, ERROR_DEVICE_REFUSED, "no agent was loaded", NULL },
        { 0x1D17, ERROR_AUTH_REQUIRED, "the agent does not fit the tool's authorisation",
                makers_tool },
        { 0x1D1D, ERROR_DEVICE_REFUSED, "the line speed is too high", NULL },
        { 0x1D21, ERROR_DEVICE_REFUSED, "this version of the agent is not supported", other_agent },
        { 0x2000, ERROR_AUTH_REQUIRED, "the authorisation image is not valid", makers_agent },
        { 0x2001, ERROR_AUTH_REQUIRED, "the agent's signature is wrong", makers_agent },
        { 0x2003, ERROR_AUTH_REQUIRED, "the agent's key is wrong", makers_agent },
        { 0x2006, ERROR_DEVICE_REFUSED, "the agent's size is wrong", other_agent },
        { 0x5A5B, ERROR_DEVICE_REFUSED, "this agent is on the phone's black list", other_agent },
        { 0x7000, ERROR_DEVICE_REFUSED, "a memory region is not valid", other_agent },
        { 0x7001, ERROR_DEVICE_REFUSED, "memory regions overlap", other_agent },
        { 0x7002, ERROR_DEVICE_REFUSED, "a memory region is too long", other_agent },
        { 0x7003, ERROR_DEVICE_REFUSED, "the agent's place is not valid", other_agent },
        { 0x7004, ERROR_DEVICE_REFUSED, "the agent's length is not valid", other_agent },
        { 0x7015, ERROR_AUTH_REQUIRED, "the agent's signature is wrong", makers_agent },
        { 0x7017, ERROR_DEVICE_REFUSED, "no authorisation is needed", NULL },
        { 0x7024, ERROR_AUTH_REQUIRED, "the agent's signature is wrong", makers_agent },
        { 0xFFFD, ERROR_DEVICE_REFUSED, "the range is too long", NULL },
        { 0xFFFE, ERROR_DEVICE_REFUSED, "the count is zero", NULL },
        { 0xFFFF, ERROR_DEVICE_REFUSED, "the address is not aligned", NULL },
};

const char *boot_status_text(uint16_t status)
{
        for (size_t i = 0; i < ELEMENTS(table); i++)
                if (table[i].status == status)
                        return table[i].text;
        return NULL;
}

int boot_status_refuse(Failure *f, uint16_t status, const char *what)
{
        for (size_t i = 0; i < ELEMENTS(table); i++) {
                if (table[i].status != status)
                        continue;
                failure_set(f, -EACCES, table[i].id, "The phone refused %s: %s (%04X).", what,
                        table[i].text, status);
                failure_status(f, status);
                if (table[i].hint)
                        failure_hint(f, "%s", table[i].hint);
                return -EACCES;
        }
        failure_set(f, -EACCES, ERROR_DEVICE_REFUSED, "The phone refused %s with status %04X.",
                what, status);
        failure_status(f, status);
        return -EACCES;
}
