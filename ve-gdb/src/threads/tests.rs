use std::sync::mpsc::sync_channel;

use ve_isa::machine::Machine;

use super::*;

/// A client that comes between the entry of the first thread and its halt.
#[test]
fn a_client_waits_for_the_registers_of_a_thread_that_is_about_to_halt() {
    let threads = Arc::new(Threads::new(Box::new(Arc::new(Machine::new().unwrap()))));
    let member = threads.add("first".into());
    let mut known = KnownState::default();
    member.enter(&mut known);
    assert!(known.is_held());
    std::thread::scope(|scope| {
        let halted = scope.spawn(|| {
            std::thread::sleep(PATIENCE / 10);
            let mut cpu = Cpu::default();
            cpu.ic = 0x1230;
            member.halt(None, &mut cpu, &mut known);
            cpu.ic
        });
        threads.attach(sync_channel(1).0);
        let seen = threads.with_registers(1, |cpu| cpu.ic);
        threads.detach();
        assert_eq!(seen, Some(0x1230));
        assert_eq!(halted.join().unwrap(), 0x1230);
    });
}
