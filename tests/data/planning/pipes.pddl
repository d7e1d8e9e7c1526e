(define (problem four-tanks) (:domain pipes)
  (:objects a b c d - tank u v w - valve)
  (:init (source a) (joins u a b) (joins v b c) (joins w c d) (keeper u b) (keeper v b) (keeper w c) (open u))
  (:goal (and (wet d) (open v))))
