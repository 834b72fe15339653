//! Requests and responses come out of a ring as they went in, and damage stays where it is.

use veo_abi::word_class;

use super::class::{ResultClass, WordClass};
use super::ring::{
    Completion, HostAnswer, MAX_WORDS, Received, Ring, RingOp, RingRequest, SLOTS, Span,
};
use crate::sys::memfd::{self, Mapping, round_up};

fn mapped() -> Mapping {
    let size = round_up(size_of::<Ring>() as u64);
    let mapping = Mapping::new(memfd::create(c"ring", size).unwrap(), size).unwrap();
    mapping.view::<Ring>().initialise();
    mapping
}

#[test]
fn requests_come_out_as_they_went_in() {
    let mapping = mapped();
    let ring: &Ring = mapping.view();
    let (host, ve) = (ring.host_side(), ring.ve_side());
    let mut received = Box::new(Received::new());
    for (position, count) in [0, 1, 2, MAX_WORDS / 2, MAX_WORDS, 1]
        .into_iter()
        .enumerate()
    {
        let position = position as u64;
        let words: Vec<u64> = (0..count as u64)
            .map(|n| n ^ 0x8000_0000_0000_0001)
            .collect();
        let all = [WordClass::Integer, WordClass::Float, WordClass::Double];
        let classes: Vec<WordClass> = (0..count).map(|n| all[n * 7 % 5 % 3]).collect();
        let mut packed = vec![0; word_class::words_for(count)];
        for (index, class) in classes.iter().enumerate() {
            class.put(&mut packed, index);
        }
        assert!(!ve.is_there(position));
        host.publish(
            position,
            RingRequest {
                op: RingOp::Call,
                address: 7,
                id: position + 100,
                words: &words,
                classes: &packed,
                returns: ResultClass::I8,
                cpu: 3,
            },
        );
        assert!(ve.is_there(position));
        ve.take(position, &mut received);
        assert_eq!((received.op, received.address), (Some(RingOp::Call), 7));
        assert_eq!(
            (received.id, received.returns),
            (position + 100, ResultClass::I8)
        );
        assert_eq!(received.words(), words);
        for (index, class) in classes.iter().enumerate() {
            assert_eq!(received.class(index), *class);
        }
        assert_eq!(host.response(position + 100), None);
        ve.complete(position + 100, Completion::Done, 9);
        assert_eq!(host.response(position + 100), Some((Completion::Done, 9)));
        assert_eq!(host.response(position + 100 + SLOTS as u64), None);
    }
}

#[test]
fn whatever_lies_in_a_slot_is_in_range() {
    let mapping = mapped();
    let ring: &Ring = mapping.view();
    let (host, ve) = (ring.host_side(), ring.ve_side());
    let mut received = Box::new(Received::new());
    let mut numbers = fastrand::Rng::with_seed(1);
    for _ in 0..10_000 {
        let random = numbers.u64(..);
        ring.damage(random >> 50, random);
        ve.take(random >> 50, &mut received);
        assert!(received.count <= MAX_WORDS);
        for index in 0..received.count {
            let _ = received.class(index);
        }
        let _ = host.response(random);
    }
}

#[test]
fn the_times_of_a_request_are_its_own() {
    let mapping = mapped();
    let ring: &Ring = mapping.view();
    let (host, ve) = (ring.host_side(), ring.ve_side());
    let (first, again) = (3, 3 + SLOTS as u64);
    let span = |started| Span {
        started,
        ended: started + 5,
    };
    assert_eq!(host.span(first), Span::default());
    ve.set_running_since(70);
    ve.set_running(Some(first));
    let runs = Span {
        started: 70,
        ended: 0,
    };
    assert_eq!(
        (host.span(first), host.span(again)),
        (runs, Span::default())
    );
    ve.set_running(None);
    ve.set_span(first, span(70));
    assert_eq!(host.span(first), Span::default(), "it has not ended");
    ve.complete(first, Completion::Done, 1);
    assert_eq!(
        (host.span(first), host.span(again)),
        (span(70), Span::default())
    );
    // Its place is another's.
    ve.set_span(again, span(90));
    assert_eq!(host.span(first), Span::default());
    ve.complete(again, Completion::Refused, 2);
    assert_eq!(
        (host.span(first), host.span(again)),
        (Span::default(), span(90))
    );
    // The host does one by itself.
    host.answer(again + SLOTS as u64, HostAnswer::Result(4));
    assert_eq!(host.span(again + SLOTS as u64), Span::default());
}

#[test]
fn kernels_do_not_see_functions_of_the_host() {
    let mapping = mapped();
    let ring: &Ring = mapping.view();
    let (host, ve) = (ring.host_side(), ring.ve_side());
    assert_eq!(ve.earlier_result(0, 0), None);
    for id in 0..4 {
        host.answer(id, HostAnswer::Result(10 * id));
    }
    host.answer(2, HostAnswer::Nothing);
    let seen = [0, 1, 2, 3].map(|offset| ve.earlier_result(4, offset));
    assert_eq!(seen, [Some(30), Some(10), Some(0), None]);
    assert_eq!(ve.earlier_result(3, 0), Some(10));
    assert_eq!(ve.earlier_result(4, u64::MAX), None);
    // One that has failed has no result.
    assert_eq!(ve.earlier_result(6, 0), None);
}
