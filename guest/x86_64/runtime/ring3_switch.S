// ring3_enter(body, argument, user stack): IRETQ down; the body's return lands on a UD2, whose exception comes back up here.

    .text
    .code64
    .globl ring3_enter
ring3_enter:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, kernel_stack(%rip)
    sub $8, %rdx
    movq $ring3_leave, (%rdx)   // the body's return address
    mov %rdi, %rax
    mov %rsi, %rdi
    push $0x1b                  // SS: data, CPL 3
    push %rdx                   // RSP
    push $0x02                  // RFLAGS
    push $0x23                  // CS: code, CPL 3
    push %rax                   // RIP
    iretq

ring3_leave:
    ud2

// The gate of #UD. Not SYSCALL: the KVM without hardware virtualization enters LSTAR still at CPL 3, where nothing but
// ports works and no interrupt can be let in.
    .globl ring3_undefined
ring3_undefined:
    cmpq $ring3_leave, (%rsp)
    jne ring3_other_undefined
    mov kernel_stack(%rip), %rsp
    mov $0x10, %ecx             // SS is null after a change of privilege
    mov %ecx, %ss
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

ring3_other_undefined:
    jmp *interrupt_entries + 6 * 8

    .bss
    .balign 8
kernel_stack:
    .skip 8
    .section .note.GNU-stack, "", @progbits
