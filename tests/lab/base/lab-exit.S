// lab-exit NUMBER: ends QEMU with this status, by the semihosting call SYS_EXIT_EXTENDED (Arm, "Semihosting for AArch32 and
// AArch64", 6.7). QEMU must allow semihosting to user programs.
    .text
    .globl _start
_start:
    ldr x1, [sp, #16]           // argv[1]
    mov x0, #0
    cbz x1, go
digit:
    ldrb w2, [x1], #1
    cbz w2, go
    sub w2, w2, #'0'
    mov w3, #10
    madd w0, w0, w3, w2
    b digit
go:
    sub sp, sp, #16
    movz x2, #0x0002, lsl #16   // ADP_Stopped_ApplicationExit, 0x20026
    movk x2, #0x0026
    stp x2, x0, [sp]
    mov x1, sp
    mov w0, #0x20               // SYS_EXIT_EXTENDED
    hlt #0xf000
    mov x0, #1                  // no semihosting here
    mov x8, #93                 // exit
    svc #0
    .section .note.GNU-stack, "", @progbits
