// What smp has each started processor do: its affinities into the list, then sleep. Entered by PSCI with the MMU off.

    .text
    .globl smp_entry
smp_entry:
    mov x1, xzr                 // no stack
    bl mmu_on
    mrs x0, mpidr_el1
    ldr x1, =0xff00ffffff
    and x0, x0, x1
    ldr x1, =tickets
1:  ldaxr w2, [x1]
    add w3, w2, #1
    stlxr w4, w3, [x1]
    cbnz w4, 1b
    cmp w2, #1024
    b.hs 2f
    ldr x1, =smp_ids
    str x0, [x1, w2, uxtw #3]
2:  dmb ish
    ldr x1, =smp_online
3:  ldaxr w2, [x1]
    add w2, w2, #1
    stlxr w4, w2, [x1]
    cbnz w4, 3b
4:  wfi
    b 4b

    .bss
    .balign 4
tickets:
    .skip 4
    .section .note.GNU-stack, "", @progbits
