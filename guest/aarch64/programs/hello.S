// hello: writes a line to the first PL011 and powers the machine off by PSCI. It needs no stack, no MMU and not the device
// tree whose address it gets in X0. Sources: ARM DDI 0183 (UARTDR, UARTFR), ARM DEN 0022 (SYSTEM_OFF).

    .text
    .globl elf_start
elf_start:
    mov x1, #0x09000000         // the board's first PL011
    adr x2, text
next:
    ldrb w3, [x2], #1
    cbz w3, done
wait:
    ldr w4, [x1, #0x18]         // UARTFR: wait while the transmitter is full
    tbnz w4, #5, wait
    str w3, [x1]                // UARTDR
    b next
done:
    movz w0, #0x0008            // PSCI SYSTEM_OFF
    movk w0, #0x8400, lsl #16
    hvc #0
0:  wfi                         // it does not come back
    b 0b

    .section .rodata
text:
    .asciz "hello from the guest\n"
    .section .note.GNU-stack, "", @progbits
