//! PALP's equations: one gradient in three forms, the right sign.

use burn::tensor::Tensor;
use palpable::sampling::PredictionType;
use palpable::training::palp::{self, NoiseLevel};

use crate::support::{any_device, formula, values};
use crate::tiny::{largest_difference, schedule};

#[test]
fn noising_the_estimate_again_is_a_step_from_the_noisy_sample() {
    let device = any_device();
    let schedule = schedule(PredictionType::Epsilon);
    let level = NoiseLevel::new(&schedule, &[30, 500, 900], &device);
    let [noisy, noise, prediction] =
        ["noisy", "noise", "prediction"].map(|name| formula::values(name, [3, 4, 4, 4], &device));
    let estimate = palp::estimate_clean(noisy.clone(), prediction.clone(), &level);
    let by_definition = palp::add_noise(estimate, noise.clone(), &level);
    let direct = palp::renoise_estimate(noisy.clone(), noise, prediction, &level);
    assert!(largest_difference(&values(by_definition), &values(direct.clone())) < 1e-5);
    assert!(largest_difference(&values(noisy), &values(direct)) > 0.1);
}

/// A toy network with parameters θ `[4, 4]`: output = tanh(x_t · θ).
struct Toy {
    level: NoiseLevel,
    prediction_type: PredictionType,
    clean: Tensor<4>,
    noise: Tensor<4>,
    noisy: Tensor<4>,
    direction: Tensor<4>,
    parameters: Tensor<2>,
}

const TOY_LAMBDA: f64 = 0.7;

fn toy_lambda() -> Tensor<4> {
    palp::rows(vec![TOY_LAMBDA as f32; 2], &any_device())
}

impl Toy {
    fn new(prediction_type: PredictionType) -> Self {
        let device = any_device();
        let level = NoiseLevel::new(&schedule(prediction_type), &[200, 600], &device);
        let clean: Tensor<4> = formula::values("clean", [2, 3, 3, 4], &device);
        let noise: Tensor<4> = formula::values("noise", [2, 3, 3, 4], &device);
        Self {
            noisy: palp::add_noise(clean.clone(), noise.clone(), &level),
            direction: formula::values("direction", [2, 3, 3, 4], &device),
            parameters: formula::values("parameters", [4, 4], &device),
            level,
            prediction_type,
            clean,
            noise,
        }
    }

    fn output(&self, parameters: Tensor<2>) -> Tensor<4> {
        let rows = self.noisy.clone().reshape([18, 4]);
        let rows = if parameters.is_autodiff() { rows.autodiff() } else { rows };
        rows.matmul(parameters).tanh().reshape([2, 3, 3, 4])
    }

    fn target(&self) -> Tensor<4> {
        palp::training_target(self.clean.clone(), self.noise.clone(), &self.level, self.prediction_type)
    }

    /// The gradient of a loss made of the network's output.
    fn gradient(&self, loss: impl Fn(Tensor<4>) -> Tensor<1>) -> Vec<f32> {
        let parameters = self.parameters.clone().autodiff().require_grad();
        let gradients = loss(self.output(parameters.clone())).backward();
        values(parameters.grad(&gradients).unwrap())
    }

    fn prediction(&self, output: Tensor<4>) -> Tensor<4> {
        palp::noise_prediction(output, self.noisy.clone(), &self.level, self.prediction_type)
    }

    fn check_equivalence(&self) {
        let direction = || self.direction.clone();
        let personalization = |output: Tensor<4>| palp::mean_squared_error(output, self.target());
        // Eq. 6 with w̃(t) = a_t/s_t: w̃ · Δ · ∂x̂_0/∂θ, the gradient through the estimate itself.
        let equation_6 = self.gradient(|output| {
            let estimate =
                palp::estimate_clean(self.noisy.clone(), self.prediction(output.clone()), &self.level);
            let weight = self.level.signal.clone() / self.level.noise.clone();
            personalization(output) + (estimate * (weight * direction())).mean() * TOY_LAMBDA
        });
        // Eq. 7: −λ · Δ · ∂ε̂/∂θ.
        let equation_7 = self.gradient(|output| {
            personalization(output.clone()) - (self.prediction(output) * direction()).mean() * TOY_LAMBDA
        });
        let shifted = self.gradient(|output| {
            let target = palp::shifted_target(
                self.target(),
                direction(),
                toy_lambda(),
                &self.level,
                self.prediction_type,
            );
            palp::mean_squared_error(output, target)
        });
        let plain = self.gradient(personalization);
        assert!(largest_difference(&equation_6, &equation_7) < 2e-6);
        assert!(largest_difference(&equation_7, &shifted) < 2e-6);
        assert!(largest_difference(&plain, &shifted) > 1e-2);
    }
}

#[test]
fn equation_6_equation_7_and_the_shifted_target_have_one_gradient() {
    Toy::new(PredictionType::Epsilon).check_equivalence();
}

#[test]
fn the_same_holds_for_models_that_predict_velocity() {
    Toy::new(PredictionType::VPrediction).check_equivalence();
}

#[test]
fn a_step_of_alignment_moves_the_prediction_along_the_direction() {
    for prediction_type in [PredictionType::Epsilon, PredictionType::VPrediction] {
        let toy = Toy::new(prediction_type);
        let before = toy.output(toy.parameters.clone());
        // With the present output as target only the alignment part pulls.
        let gradient = toy.gradient(|output| {
            let target = palp::shifted_target(
                before.clone(),
                toy.direction.clone(),
                toy_lambda(),
                &toy.level,
                prediction_type,
            );
            palp::mean_squared_error(output, target)
        });
        let step = Tensor::<1>::from_floats(gradient.as_slice(), &any_device()).reshape([4, 4]) * 1e-2;
        let after = toy.output(toy.parameters.clone() - step);
        let moved = toy.prediction(after) - toy.prediction(before);
        assert!(values((moved * toy.direction).sum())[0] > 0.0);
    }
}
