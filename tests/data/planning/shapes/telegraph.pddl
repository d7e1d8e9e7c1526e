(define (problem telegraph) (:domain telegraph)
  (:objects s1 s2 s3 - station)
  (:init (beside s1 s2) (beside s2 s3) (beside s3 s1) (idle s1) (asks s2) (idle s3) (talks s2 s3))
  (:goal (stuck)))
