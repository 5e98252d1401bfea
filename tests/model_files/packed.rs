//! Weights that are packed as they are read.

use palpable::ops::frozen_weight::FrozenWeight;
use palpable::ops::packed::Packing;
use palpable::weights::Error;

use crate::support::values;
use crate::weights::load_packed;

/// Those of linear layers, of 1×1 convolutions and of 3×3 ones, also where no word is full.
#[test]
fn packed_weights_are_those_of_the_file() {
    // Exact in 16 and in eight bits.
    let numbers: Vec<f32> = (0..54).map(|index| [127, 3, -64, 100, -127][index % 5] as f32 / 128.0).collect();
    for packing in [Packing::Halves, Packing::Integers] {
        let load = |shape: &[usize]| {
            let count = shape.iter().product::<usize>();
            load_packed("w.weight", shape, &numbers[..count], packing).expect("weights")
        };
        let matrix = load(&[3, 5]).take_matrix("w.weight", [3, 5]).expect("a matrix");
        let pointwise = load(&[3, 5, 1, 1]).take_pointwise("w.weight", [3, 5]).expect("a matrix");
        for matrix in [matrix, pointwise] {
            assert!(matches!(matrix, FrozenWeight::Packed { .. }));
            assert_eq!(values(matrix.floats()), numbers[..15]);
        }
        let kernel = load(&[2, 3, 3, 3]).take_kernel("w.weight", [2, 3, 3, 3]).expect("a kernel");
        assert!(matches!(kernel, FrozenWeight::Packed { .. }));
        let stored_order = kernel.floats().permute([3, 2, 0, 1]);
        assert_eq!(values(stored_order), numbers);
        let error = load(&[3, 5]).take("w.weight", [3, 5]).expect_err("it is packed");
        assert!(error.to_string().contains("packed in fewer bits"), "{error}");
    }
    // Halves are made of the kernels that there are.
    let mut wide = load_packed("w.weight", &[2, 1, 5, 5], &numbers[..50], Packing::Halves).expect("weights");
    let wide = wide.take_kernel("w.weight", [2, 1, 5, 5]).expect("a kernel");
    assert!(matches!(wide, FrozenWeight::Floats(_)));
    let error = load_packed("w.weight", &[1, 1], &[1e6], Packing::Halves).expect_err("it is too large");
    assert!(error.to_string().contains("too large for 16-bit floats"), "{error}");
}

/// Its rows are looked up in 16 bits, however layers are packed.
#[test]
fn a_packed_table_of_embeddings_has_the_rows_of_the_file() {
    let numbers: Vec<f32> = (0..21).map(|index| half::f16::from_f32(index as f32 / 7.0).to_f32()).collect();
    for packing in [Packing::Halves, Packing::Integers] {
        let load = || load_packed("token_embedding.weight", &[7, 3], &numbers, packing).expect("weights");
        let parts = load().take_rows("token_embedding.weight", [7, 3]).expect("a table");
        assert!(matches!(parts[..], [FrozenWeight::Packed { .. }]));
        assert_eq!(values(parts[0].floats()), numbers);
        let rows = [&numbers[18..], &numbers[..3], &numbers[..3]].concat();
        assert_eq!(values(parts[0].rows(&[6, 0, 0])), rows);
        let error = load().take_rows("token_embedding.weight", [3, 7]).expect_err("it has another shape");
        assert!(matches!(error, Error::WrongShape { .. }), "{error}");
    }
}

/// What a part may have lies on the host at once.
#[test]
fn a_large_packed_table_lies_in_parts_of_whole_rows() {
    let (rows, columns) = (300_001, 57);
    let numbers: Vec<f32> = (0..rows).flat_map(|row| [(row % 2048) as f32; 57]).collect();
    let mut weights =
        load_packed("token_embedding.weight", &[rows, columns], &numbers, Packing::Halves).unwrap();
    let parts = weights.take_rows("token_embedding.weight", [rows, columns]).expect("a table");
    let first = (32 << 20) / 2 / columns;
    assert_eq!(parts.iter().map(FrozenWeight::dims).collect::<Vec<_>>(), [[first, 57], [rows - first, 57]]);
    let row = |row: usize| vec![(row % 2048) as f32; columns];
    assert_eq!(values(parts[0].rows(&[first as i32 - 1])), row(first - 1));
    assert_eq!(values(parts[1].rows(&[0])), row(first));
    assert_eq!(values(parts[1].rows(&[(rows - first) as i32 - 1])), row(rows - 1));
}
