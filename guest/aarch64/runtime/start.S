// Entry at EL1 with the MMU off, X0 = device tree (Documentation/arm64/booting.rst), and of a second processor by PSCI.
// Source: Arm Architecture Reference Manual (DDI 0487), D8 (translation), D17 (system registers).

    .text
    .globl elf_start
elf_start:
    mov x19, x0
    adrp x1, stack_top
    add x1, x1, :lo12:stack_top
    bl mmu_on
    mov x0, x19
    mov x29, xzr
    bl start_program
0:  wfi
    b 0b

    .globl second_processor_entry
second_processor_entry:
    adrp x1, second_stack_top
    add x1, x1, :lo12:second_stack_top
    bl mmu_on
    mov x29, xzr
    bl second_processor_main
0:  wfi
    b 0b

    .globl mmu_on
// Stack X1. No store before the caches are on: it would pass by what the host sees.
mmu_on:
    mov sp, x1
    ldr x0, =0x44ff04           // MAIR: 0 Device-nGnRE, 1 normal, write-back, 2 normal, not cached
    msr mair_el1, x0
    // 39 bits (T0SZ 25), granule 4 KiB, walks write-back and inner shareable, no TTBR1; IPS as large as there is.
    mrs x0, id_aa64mmfr0_el1
    and x0, x0, #15
    cmp x0, #5
    mov x2, #5
    csel x0, x2, x0, hi
    lsl x0, x0, #32
    ldr x2, =0x803519           // EPD1, SH0 = 3, ORGN0 = IRGN0 = 1, T0SZ = 25
    orr x0, x0, x2
    msr tcr_el1, x0
    adrp x0, page_map
    msr ttbr0_el1, x0
    adrp x0, exception_vectors
    add x0, x0, :lo12:exception_vectors
    msr vbar_el1, x0
    isb
    tlbi vmalle1
    ic iallu
    dsb nsh
    isb
    mrs x0, sctlr_el1
    ldr x2, =0x1005             // I, C, M
    orr x0, x0, x2
    bic x0, x0, #2              // A: unaligned accesses are in order
    msr sctlr_el1, x0
    isb
    ret

// memcpy(to, from, count), memset(to, value, count): the compiler may call them.
    .globl memcpy
memcpy:
    mov x3, x0
    cbz x2, 1f
0:  ldrb w4, [x1], #1
    strb w4, [x3], #1
    subs x2, x2, #1
    b.ne 0b
1:  ret

    .globl memset
memset:
    mov x3, x0
    cbz x2, 1f
0:  strb w1, [x3], #1
    subs x2, x2, #1
    b.ne 0b
1:  ret

// The one exception that is in order is an IRQ at EL1. Nested ones are not, so ELR and SPSR stay where they are.
    .macro unexpected
    .balign 128
    b unexpected_exception
    .endm
    .balign 2048
exception_vectors:
    .rept 5
    unexpected
    .endr
    .balign 128                 // current level, SP_EL1: IRQ
    sub sp, sp, #176
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x29, [sp, #144]
    str x30, [sp, #160]
    bl interrupt_dispatch
    b interrupt_return
    .rept 10
    unexpected
    .endr

interrupt_return:
    ldp x0, x1, [sp]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x29, [sp, #144]
    ldr x30, [sp, #160]
    add sp, sp, #176
    eret

// Level 1: 512 blocks of 1 GiB. The first is devices, not to be executed; RAM begins with the second.
    .data
    .balign 4096
    .globl page_map
page_map:
    .quad 0x0060000000000401
    .set address, 0x40000000
    .rept 511
    .quad address + 0x705
    .set address, address + 0x40000000
    .endr

    .bss
    .balign 16
    .skip 32768
stack_top:
    .skip 16384
second_stack_top:
    .section .note.GNU-stack, "", @progbits
