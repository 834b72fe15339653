//! `veo nodes`.

use crate::support::{expect, expect_json, json, right, run, veo, wrong};

#[test]
fn each_node_is_a_row() {
    expect("nodes.txt", &right(&mut veo(["nodes"])));
    expect_json("nodes.json", &json(&mut veo(["nodes"])));
}

#[test]
fn one_node_is_listed_alone() {
    expect("nodes_one.txt", &right(&mut veo(["nodes", "-N", "1"])));
    let all = json(&mut veo(["nodes", "--node", "1"]));
    assert_eq!(all[0]["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(all[0]["nodes"][0]["node"], 1);
}

#[test]
fn a_node_that_is_not_there_is_an_error_that_names_those_that_are() {
    let said = wrong(1, &mut veo(["nodes", "-N", "99"]));
    assert_eq!(
        said,
        "there is no VE node 99 on this machine: its nodes are 0, 1"
    );
}

#[test]
fn a_wrong_node_number_is_told_how_nodes_are_numbered() {
    for command in ["nodes", "ps", "bench"] {
        for number in [&["-N", "-1"][..], &["--node=-1"], &["-N", "x"]] {
            let printed = run(veo([command]).args(number));
            assert_eq!(printed.status, 2, "{command} {number:?}");
            let said = printed.stderr;
            assert!(said.contains("numbered from 0"), "{number:?}: {said}");
        }
    }
}

#[test]
fn without_a_backend_the_reason_is_told() {
    let said = wrong(1, veo(["nodes"]).env("VEO_BACKEND", "card"));
    assert!(
        said.contains("VEO_BACKEND") && said.contains("libveo"),
        "{said}"
    );
    let said = wrong(1, veo(["nodes"]).env("VEO_EMU_NODES", "many"));
    assert!(said.contains("VEO_EMU_NODES"), "{said}");
}
