// An interrupt that is only counted, in a few instructions: on a KVM that interprets CPL 0 the common entry would cost
// more than the sleep that it ends. The end of interrupt goes to the local APIC at its usual address.

    .text
    .code64
    .globl wake_count_entry
wake_count_entry:
    push %rax
    incq wake_count(%rip)
    mov $0xfee000b0, %eax
    movl $0, (%rax)
    pop %rax
    iretq

    .bss
    .balign 8
    .globl wake_count
wake_count:
    .skip 8
    .section .note.GNU-stack, "", @progbits
