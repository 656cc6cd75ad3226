// Interrupt entries of a few instructions, for what is measured to the interrupt and no further: on a KVM that
// interprets CPL 0 the common entry would cost more than what it ends.

    .text
    .code64

// A message to this processor: counted, end of interrupt at the local APIC.
    .globl doorbell_count_entry
doorbell_count_entry:
    push %rax
    incq doorbell_counted(%rip)
    mov $0xfee000b0, %eax
    movl $0, (%rax)
    pop %rax
    iretq

// #UD at a hypercall that this KVM does not know: VMCALL and VMMCALL have three bytes.
    .globl doorbell_undefined_entry
doorbell_undefined_entry:
    movl $1, doorbell_undefined(%rip)
    addq $3, (%rsp)
    iretq

    .bss
    .balign 8
    .globl doorbell_counted, doorbell_undefined
doorbell_counted:
    .skip 8
doorbell_undefined:
    .skip 4
    .section .note.GNU-stack, "", @progbits
