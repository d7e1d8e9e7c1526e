(define (problem turns) (:domain turns)
  (:objects v w x y z - token)
  (:init (at v a) (at w b) (at x c) (at y d) (at z e))
  (:goal (and (at v c) (at w e) (at x a) (at y d) (at z b))))
